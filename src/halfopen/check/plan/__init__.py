"""Which windows to ask next, from what was seen: pure."""
