"""A mirror of each engine, as the suites of promises have it."""

from sinks.conftest import engine, sink

__all__ = ["engine", "sink"]
