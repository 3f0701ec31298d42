"""Mirrors, one file a URL scheme: each keeps the promise of `sinks/base.py`."""
