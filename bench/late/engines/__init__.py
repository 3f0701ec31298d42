"""The databases that the casino can be in, one a file."""
