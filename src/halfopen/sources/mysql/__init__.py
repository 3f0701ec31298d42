"""MySQL and MariaDB as a source."""

from halfopen.sources.mysql.source import MysqlSource

__all__ = ["MysqlSource"]
