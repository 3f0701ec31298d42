"""The road to a product: its own certificates, and a proxy in between."""

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from halfopen.config.product import ProductConfig
from halfopen.errors import ConfigError


@dataclass(frozen=True, kw_only=True, slots=True)
class Road:
    """How requests travel; `secrets` are texts that no log, error or report may hold."""

    options: dict[str, Any] = field(default_factory=dict, repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


DIRECT = Road()


def road(product: ProductConfig) -> Road:
    """As the product's section says; ConfigError where its certificates cannot be read."""
    options: dict[str, Any] = {}
    secrets: set[str] = set()
    if product.ca is not None:
        try:
            options["ssl"] = ssl.create_default_context(cafile=product.ca)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"products.{product.name}.ca: {str(product.ca)!r} cannot be read: {error.strerror or error};"
                " it holds certificates in PEM"
            ) from None
    if product.proxy is not None:
        parts = urlsplit(product.proxy)
        options["proxy"] = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        if parts.username is not None:
            password = unquote(parts.password or "")
            # aiohttp turns it into Proxy-Authorization, on the request itself where it makes no tunnel.
            options["proxy_headers"] = {"Authorization": aiohttp.encode_basic_auth(unquote(parts.username), password)}
            secrets |= {word for word in (password, parts.password) if word}
    return Road(options=options, secrets=frozenset(secrets))
