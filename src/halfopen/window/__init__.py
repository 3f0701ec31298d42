"""Half-open windows of time: cut, merged, counted and planned; no clock and no I/O in here."""
