"""One report, told in several forms."""
