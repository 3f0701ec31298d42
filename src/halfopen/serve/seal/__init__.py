"""Sealed windows: no row is lost, however late it commits."""
