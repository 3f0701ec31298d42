"""SQLite as a source."""

from halfopen.sources.sqlite.source import SqliteSource

__all__ = ["SqliteSource"]
