"""Who may ask, by address: CIDRs, and proxies whose X-Forwarded-For is believed."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final

from halfopen.errors import ConfigError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HEADER: Final = "x-forwarded-for"


class AllowList:
    """`allow`: CIDRs or addresses, everybody when empty; `proxies`: whose word on the caller's address counts."""

    def __init__(self, allow: Sequence[str] = (), proxies: Sequence[str] = ()) -> None:
        self._allow = [_network(text, "serve.allow") for text in allow]
        self._proxies = [_network(text, "serve.trusted_proxies") for text in proxies]

    def address(self, client: Sequence[object] | None, headers: Mapping[str, str]) -> str:
        """The caller's address: the last one in the chain of forwards that no trusted proxy has."""
        seen = str(client[0]) if client else ""
        hops = [hop.strip() for hop in headers.get(_HEADER, "").split(",") if hop.strip()]
        while hops and _is_in(seen, self._proxies):
            seen = hops.pop()
        return seen

    def allows(self, address: str) -> bool:
        """Whether this caller may ask."""
        return not self._allow or _is_in(address, self._allow)


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in networks if network.version == found.version)


def _network(text: str, where: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ConfigError(f'{where}: found {text!r}, needs an address or a CIDR like "203.0.113.0/24"') from None
