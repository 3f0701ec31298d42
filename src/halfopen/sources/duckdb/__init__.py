"""DuckDB as a source."""

from halfopen.sources.duckdb.source import DuckdbSource

__all__ = ["DuckdbSource"]
