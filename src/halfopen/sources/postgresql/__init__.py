"""PostgreSQL as a source."""

from halfopen.sources.postgresql.source import PostgresqlSource

__all__ = ["PostgresqlSource"]
