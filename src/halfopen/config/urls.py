"""Addresses of databases: `sqlite:///file`, `duckdb:///file`, `postgresql://user:password@host/name`; and of the web.

Three slashes begin a relative path, which counts from the folder of halfopen.toml; four begin an absolute one.
"""

import re
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from halfopen.errors import ConfigError

FILES = ("sqlite", "duckdb")
SERVERS = ("postgresql", "mysql", "clickhouse")
_AFTER_PATH = re.compile("[?#&]")


class DatabaseUrl(msgspec.Struct, frozen=True):
    """An address: `path` for a database that is a file, `text` (with its password) for one that is a server."""

    scheme: str
    path: Path | None
    text: str

    @property
    def shown(self) -> str:
        """The address without its password, for people."""
        if self.path is not None:
            return f"{self.scheme}:///{self.path}"
        parts = urlsplit(self.text)
        if parts.password is None:
            return self.text
        return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@", 1)))


def database_url(text: str, base: Path) -> DatabaseUrl:
    """Reads an address; `base` is the folder that relative paths count from. ConfigError when it is none."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in FILES + SERVERS or (scheme in SERVERS and not _has_parts(text)):
        known = (
            ", ".join(f"{name}:///file" for name in FILES) + ", " + ", ".join(f"{name}://host/name" for name in SERVERS)
        )
        raise ConfigError(f"{quoted(text)} is no address of a database; write one of: {known}")
    if scheme in SERVERS:
        return DatabaseUrl(scheme, None, text)
    if not rest.startswith("/") or rest == "/":
        raise ConfigError(
            f'{quoted(text)} names no file; write "{scheme}:///file" or, from the root, "{scheme}:////folder/file"'
        )
    return DatabaseUrl(scheme, base / unquote(rest[1:]), text)


def is_web(url: str, schemes: Collection[str] = ("http", "https")) -> bool:
    """Whether this is an address of a web server: a host, no blanks, and a port that there can be if it names one."""
    if not _has_parts(url):
        return False
    parts = urlsplit(url)
    return parts.scheme in schemes and bool(parts.hostname) and len(url.split()) == 1


def _has_parts(url: str) -> bool:
    """Whether an address can be taken apart: no bracket stays open, and a port is one."""
    try:
        _ = urlsplit(url).port
    except ValueError:
        return False
    return True


def quoted(text: str) -> str:
    """An address in quotes, without what may be a secret: who signs in, and what follows the path."""
    head, at, tail = text.rpartition("@")
    scheme, separator, _ = head.partition("://")
    signed_in = (f"{scheme}://***@" if separator else "***@") if at else ""
    place, *more = _AFTER_PATH.split(tail, maxsplit=1)
    return repr(signed_in + place + ("?***" if more else ""))
