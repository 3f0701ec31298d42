"""The road to a product: whose certificates are trusted, a proxy in between, and which connection is taken."""

import ssl
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from halfopen.config.product import ProductConfig
from halfopen.errors import ConfigError

_AT_ONCE = 16
"""Connections; more than the burst needs."""


@dataclass(slots=True)
class Line:
    """The connection that a request of a `session` went over; given to it as `trace_request_ctx`.

    Attributes:
        is_old: it had been answered over before. Such a one may have been closed meanwhile, which the product need not
            announce (RFC 9112, 9.5): who is cut off there learns nothing, and asks again.
        taken: how many connections it took until one was answered over, those that aiohttp takes by itself among them.
    """

    is_old: bool = False
    taken: int = 0


def trusted(product: ProductConfig) -> ssl.SSLContext | bool:
    """Whose certificates are good: those of the product's `ca` alone, or (True) the system's.

    Raises:
        ConfigError: the file holds no certificates.
    """
    if product.ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=product.ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"ca: {str(product.ca)!r} holds no certificates that can be read ({error.strerror or error});"
            " name a file of the authority's certificates in PEM, which begin with -----BEGIN CERTIFICATE-----"
        ) from None


def session(product: ProductConfig) -> aiohttp.ClientSession:
    """A session that keeps no cookies and decodes nothing; to be closed by the caller.

    Raises:
        ConfigError: the certificates cannot be read.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_AT_ONCE, ssl=trusted(product)),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[_watched()],
    )


def _watched() -> aiohttp.TraceConfig:
    """Has each request's `Line` told which connection it takes."""
    watched = aiohttp.TraceConfig()

    def told(*, is_old: bool) -> Any:
        async def tell(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
            if isinstance(line := context.trace_request_ctx, Line):
                line.is_old = is_old
                line.taken += 1

        return tell

    watched.on_connection_reuseconn.append(told(is_old=True))
    watched.on_connection_create_end.append(told(is_old=False))
    return watched


def proxied(product: ProductConfig) -> dict[str, Any]:
    """The proxy as each request of aiohttp takes it: who we are apart from the address, so that no error shows it."""
    if product.proxy is None:
        return {}
    parts = urlsplit(product.proxy)
    found: dict[str, Any] = {"proxy": parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()}
    if parts.username is not None:
        who = aiohttp.encode_basic_auth(unquote(parts.username), unquote(parts.password or ""))
        found["proxy_headers"] = {"Authorization": who}  # aiohttp makes Proxy-Authorization of it
    return found
