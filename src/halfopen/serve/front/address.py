"""By which address a visitor reached the server, so that what a page tells them to ask works from where they are."""

import re
from collections.abc import Mapping
from typing import Final

from starlette.types import Scope

_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9._~-]{1,64}){1,8}", re.ASCII)
_SCHEMES: Final = ("http", "https")


def base_url(scope: Scope, headers: Mapping[str, str], *, forwarded: bool) -> str:
    """Scheme, host and perhaps a prefix, without a slash at the end.

    headers: names in lower case. forwarded: the connection comes from a trusted proxy, so that its X-Forwarded-Proto,
    -Host and -Prefix count; from anybody else they are ignored. What is no host at all is replaced by the socket's own.
    """
    scheme, host, prefix = str(scope.get("scheme", "http")), headers.get("host", ""), ""
    if forwarded:
        scheme = _among(_told(headers, "proto").lower(), scheme)
        host = _told(headers, "host") or host
        prefix = _told(headers, "prefix").rstrip("/")
    if not _HOST.fullmatch(host):
        host = _own(scope)
    return f"{scheme}://{host}{prefix if _PREFIX.fullmatch(prefix) else ''}"


def _told(headers: Mapping[str, str], what: str) -> str:
    """The nearest proxy writes last."""
    return headers.get(f"x-forwarded-{what}", "").rpartition(",")[2].strip()


def _among(found: str, otherwise: str) -> str:
    return found if found in _SCHEMES else otherwise


def _own(scope: Scope) -> str:
    name, port = scope.get("server") or ("127.0.0.1", 80)
    host = f"[{name}]" if ":" in str(name) else name
    return f"{host}:{port}" if port else str(host)
