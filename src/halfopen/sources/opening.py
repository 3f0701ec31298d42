"""From a database's URL scheme to its source; a scheme's module is imported only when it is asked for."""

from datetime import timedelta
from pathlib import Path

from halfopen.errors import ConfigError, SourceError
from halfopen.sources.base import Source


def open_source(scheme: str, path: Path | None, *, connections: int, timeout: timedelta) -> Source:
    """A source for a database that is a file at `path`; ConfigError when there is none, or it cannot be read.

    `connections`: answers at a time; `timeout`: how long the database may work on one answer.
    """
    if scheme != "sqlite" or path is None:
        raise ConfigError(f"serve.database: {scheme}:// cannot be served yet; sqlite:///file can")
    if not path.is_file():
        raise ConfigError(f"serve.database: there is no file {str(path)!r}")
    from halfopen.sources.sqlite import SqliteSource  # noqa: PLC0415 - an engine is loaded only when it is used

    source = SqliteSource(path, connections, timeout)
    try:
        source.tables()
    except SourceError as error:
        source.close()
        raise ConfigError(f"serve.database: {str(path)!r} cannot be read as SQLite: {error}") from None
    return source
