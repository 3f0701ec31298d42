"""Who may ask, by address: CIDRs, and proxies whose X-Forwarded-For is believed."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from halfopen.errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNKNOWN: Final = "unknown"
"""The address of a caller whom a trusted proxy names in no way that can be read."""
_HEADER: Final = "x-forwarded-for"
# Some proxies write the port too: 203.0.113.9:4711, [2001:db8::1]:4711.
_WITH_PORT: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%\w-]+)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?", re.ASCII)
_ZONE: Final = re.compile(r"[\w.-]{1,32}", re.ASCII)
_MAPPED_BITS: Final = 96
_FOUR: Final = 4


class AllowList:
    """`allow`: CIDRs or addresses, everybody when empty; `proxies`: whose word on the caller's address counts.

    Raises:
        ConfigError: one of them is no address and no CIDR.
    """

    def __init__(self, allow: Sequence[str] = (), proxies: Sequence[str] = ()) -> None:
        self._allow = [_network(text, "serve.allow") for text in allow]
        self._proxies = [_network(text, "serve.trusted_proxies") for text in proxies]

    def address(self, client: Sequence[object] | None, headers: Mapping[str, str]) -> str:
        """The caller's address: from the right, the first in the chain of forwards that no trusted proxy has.

        client: host and port of the connection, as ASGI gives them. headers: names in lower case. A hop that is no
        address ends the walk as `UNKNOWN`, which no allow list holds: what stands left of it is anybody's word.
        """
        seen = _address(str(client[0])) if client else None
        if seen is None:
            return UNKNOWN
        forwarded = headers.get(_HEADER, "")
        hops = forwarded.split(",") if forwarded.strip() else []
        while hops and _is_in(seen, self._proxies):
            seen = _address(hops.pop().strip())
            if seen is None:
                return UNKNOWN
        return str(seen)

    def trusts(self, client: Sequence[object] | None) -> bool:
        """Whether the connection comes from one of the proxies; `client` as for `address`."""
        seen = _address(str(client[0])) if client else None
        return seen is not None and _is_in(seen, self._proxies)

    def allows(self, address: str) -> bool:
        """Whether this caller may ask."""
        if not self._allow:
            return True
        found = _address(address)
        return found is not None and _is_in(found, self._allow)


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


@lru_cache(maxsize=1024)
def _address(text: str) -> Address | None:
    """An address, without port, brackets and zone; an IPv4-mapped one as IPv4. None for whatever is none."""
    match = _WITH_PORT.fullmatch(text)
    bare, zoned, zone = ((match["six"] or match["four"]) if match else text).partition("%")
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if zoned and (found.version == _FOUR or not _ZONE.fullmatch(zone)):
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _network(text: str, where: str) -> Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ConfigError(f'{where}: found {text!r}, needs an address or a CIDR like "203.0.113.0/24"') from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ipaddress.ip_network((int(mapped), network.prefixlen - _MAPPED_BITS))
