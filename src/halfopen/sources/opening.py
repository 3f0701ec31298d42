"""From a database's URL scheme to its source; a scheme's module is imported only when it is asked for."""

from datetime import timedelta
from pathlib import Path

from halfopen.errors import ConfigError, SourceError
from halfopen.sources.base import Source


def open_source(
    scheme: str, path: Path | None, *, url: str = "", shown: str = "", connections: int, timeout: timedelta
) -> Source:
    """A source for a database: a file at `path`, or a server at `url`, which people see as `shown`, without a secret.

    `connections`: answers at a time; `timeout`: how long the database may work on one answer. Raises ConfigError when
    there is no such file, or the database cannot be read.
    """
    source = _made(scheme, path, url, connections, timeout)
    try:
        source.tables()
    except SourceError as error:
        source.close()
        named = repr(shown or str(path))
        raise ConfigError(f"serve.database: {named} cannot be read as {source.capabilities.engine}: {error}") from None
    return source


def _made(scheme: str, path: Path | None, url: str, connections: int, timeout: timedelta) -> Source:
    if path is not None and not path.is_file():
        raise ConfigError(f"serve.database: there is no file {str(path)!r}; name the operator's database")
    if scheme == "sqlite" and path is not None:
        from halfopen.sources.sqlite import SqliteSource  # noqa: PLC0415 - an engine is loaded only when it is used

        return SqliteSource(path, connections, timeout)
    if scheme == "duckdb" and path is not None:
        from halfopen.sources.duckdb import DuckdbSource  # noqa: PLC0415 - as above

        return DuckdbSource(path, connections, timeout)
    if scheme == "postgresql":
        from halfopen.sources.postgresql import PostgresqlSource  # noqa: PLC0415 - as above

        return PostgresqlSource(url, connections, timeout)
    if scheme == "mysql":
        from halfopen.sources.mysql import MysqlSource  # noqa: PLC0415 - as above

        return MysqlSource(url, connections, timeout)
    raise ConfigError(
        f"serve.database: {scheme}:// cannot be served; sqlite:///file, "
        "duckdb:///file, postgresql:// and mysql://host/name can"
    )
