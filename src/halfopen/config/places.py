"""Hosts and ports to listen on; an IPv6 host stands in brackets in the file, and nowhere else."""

from halfopen.errors import ConfigError

_LAST_PORT = 65535


def place(listen: str) -> tuple[str, int]:
    """Host and port of an address that has been checked."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def check_place(listen: str, where: str, *, like: int) -> None:
    """ConfigError unless it is a host and a port; `like` is the port of the example."""
    host, colon, port = listen.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) <= _LAST_PORT):
        raise ConfigError(
            f'{where}: found {listen!r}, needs a host and a port like "127.0.0.1:{like}" or "[::1]:{like}"'
        )
