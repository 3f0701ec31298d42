"""From `[serve]` of halfopen.toml to a setup: everything is tried before anything is used."""

import ipaddress
import ssl
from typing import Final

from halfopen.auth import schemes
from halfopen.auth.allowlist import AllowList
from halfopen.config.serve import ServeConfig, Tls
from halfopen.errors import ConfigError
from halfopen.serve.entrance import Entrance
from halfopen.serve.front.describe import ApiDescription
from halfopen.serve.front.page import FrontPage
from halfopen.serve.late import windows_of
from halfopen.serve.mapping import offers
from halfopen.serve.setup import Setup
from halfopen.serve.shared import Shared
from halfopen.serve.spool import Spools
from halfopen.serve.turnstile import Turnstile
from halfopen.serve.windows import Clock
from halfopen.sources.base import Source
from halfopen.sources.opening import open_source

_NOBODY: Final = {"scheme": "none"}


def build(config: ServeConfig, clock: Clock, source: Source, shared: Shared | None = None) -> Setup:
    """The setup of a configuration over its opened database; ConfigError for whatever does not fit.

    shared: what this process has together with other workers, if it is one of several.
    """
    offered = offers(config, source)
    return Setup(
        source=source,
        offers=offered,
        windows=windows_of(config, source, clock),
        entrance=entrance(config, shared),
        limits=config.limits,
        turnstile=Turnstile(config.limits.windows_per_caller),
        spools=Spools(config.limits.spool, config.limits.spool_max),
        pages={"/": FrontPage(config, offered, source, clock), "/openapi.json": ApiDescription(config, offered)},
    )


def entrance(config: ServeConfig, shared: Shared | None = None) -> Entrance:
    """Who is let in; a configuration without callers lets everybody in, which `check` allows on this machine only."""
    callers = config.auth or (_NOBODY,)
    verifiers = [schemes.verifier(words) for words in callers]
    if shared is not None:
        shared.join(verifiers)
    return Entrance(
        verifiers, AllowList(config.allow, config.trusted_proxies), None if shared is None else shared.lockout()
    )


def opened(config: ServeConfig) -> Source:
    """The operator's database; ConfigError when it cannot be read."""
    limits = config.limits
    return open_source(
        config.source.scheme,
        config.source.path,
        url=config.source.text,
        shown=config.source.shown,
        connections=limits.connections,
        timeout=limits.statement_timeout,
    )


def opens_alike(one: ServeConfig, other: ServeConfig) -> bool:
    """Whether both would open the same database in the same way."""
    return (one.source, one.limits.connections, one.limits.statement_timeout) == (
        other.source,
        other.limits.connections,
        other.limits.statement_timeout,
    )


def check(config: ServeConfig, host: str) -> list[str]:
    """Warnings about what is legal and seldom meant; ConfigError for what cannot be served on `host`."""
    if config.tls is not None:
        _check_tls(config.tls)
    if config.auth:
        return []
    if not _is_here(host):
        raise ConfigError(
            f"serve.auth: nobody would have to sign in, and {host} is open to other machines; write [[serve.auth]], "
            'with scheme = "none" if everybody may read everything'
        )
    return [f"nobody has to sign in: everybody on this machine can read everything at {host}; write [[serve.auth]]"]


def _is_here(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_tls(tls: Tls) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"serve.tls: {tls.cert!r} with {tls.key!r} cannot be used: {reason}") from None
