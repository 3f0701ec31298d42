"""Processes that end with this one, however it ends: also when it is killed and can clean up nothing.

A small process of its own holds the other end of a pipe. It is told what to end, and does so when the pipe closes.
"""

import atexit
import functools
import os
import signal
import subprocess
import sys

_GUARD = """
import contextlib, os, signal, sys
held = {}
for line in sys.stdin:
    process, number = map(int, line.split())
    with contextlib.suppress(OSError):
        held[os.pidfd_open(process)] = number
for process, number in held.items():
    with contextlib.suppress(OSError):
        signal.pidfd_send_signal(process, number)
"""


def ends_with_us(process: int, number: int = signal.SIGKILL) -> None:
    """Has the signal sent to the process when this one is gone, unless it has ended before.

    The process is held by a descriptor, so that no other one that gets its number is meant. Without pidfds (elsewhere
    than on Linux) nothing is done.
    """
    if hasattr(os, "pidfd_open"):
        guard = _guard(os.getpid()).stdin
        guard.write(f"{process} {int(number)}\n".encode())
        guard.flush()


@functools.cache
def _guard(_of: int) -> subprocess.Popen[bytes]:
    """In a session of its own, so that what ends a whole terminal does not end it first."""
    guard = subprocess.Popen([sys.executable, "-S", "-E", "-c", _GUARD], stdin=subprocess.PIPE, start_new_session=True)
    atexit.register(guard.communicate)
    return guard
