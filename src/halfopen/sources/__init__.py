"""Operator databases that `serve` reads: one file an engine, all keeping the promises of `base`."""
