"""Processes that the measurements start: when they listen, and what they used."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

_START_SECONDS = 30.0


def until_listening(port: int, is_alive: Callable[[], bool]) -> None:
    """Waits until somebody listens on the port of this machine; SystemExit where the process ends or takes too long."""
    until = time.monotonic() + _START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if not is_alive() or time.monotonic() > until:
            raise SystemExit(f"nobody listens on port {port}: the process did not start")
        # A process cannot tell us that it listens; asking more often would take the processor that it starts on.
        time.sleep(0.05)


def cpu_of(pid: int) -> float:
    """CPU seconds that a process has used, with all its threads; FileNotFoundError where it has ended."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
