"""The command `halfopen`, one command a file."""
