"""From the address in `serve.state` to the store behind it; a store's module is imported only when it is used."""

from halfopen.config.urls import DatabaseUrl
from halfopen.errors import StateError
from halfopen.serve.seal.state import Store


def open_store(url: DatabaseUrl) -> Store:
    """A store of seals, its tables made; StateError when it cannot be read or written, or is not ours.

    It may be opened before there is an event loop, and before a process forks; it is used on one loop.
    """
    if url.scheme == "sqlite" and url.path is not None:
        from halfopen.serve.seal.store_sqlite import SqliteStore  # noqa: PLC0415 - a store is loaded when it is used

        return SqliteStore(url.path)
    if url.scheme == "postgresql":
        from halfopen.serve.seal.store_postgresql import PostgresqlStore  # noqa: PLC0415 - as above

        return PostgresqlStore(url.text, url.shown)
    raise StateError(f"serve.state: {url.shown!r} cannot keep seals; write sqlite:///file or postgresql://host/name")
