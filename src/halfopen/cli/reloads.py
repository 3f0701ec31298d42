"""SIGHUP means: read the configuration again. One that does not fit is named in one line, and changes nothing."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from halfopen.errors import HalfopenError


def hold_back() -> None:
    """Let a SIGHUP wait until `whenever_told` hears it: before that it would end the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])


async def whenever_told(reload: Callable[[], Awaitable[None]], refused: Callable[[HalfopenError], None]) -> None:
    """Reload each time that a SIGHUP comes, until it is cancelled; one after the other. For the main thread."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, told.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
    try:
        while True:
            await told.wait()
            told.clear()
            try:
                await reload()
            except HalfopenError as error:
                refused(error)
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        # What comes while the process ends must not cut that short.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def not_reloaded(error: HalfopenError) -> str:
    """The line for a person."""
    return f"halfopen: not reloaded, the old configuration goes on: {error}"


def say_not_reloaded(error: HalfopenError) -> None:
    """On stderr."""
    sys.stderr.write(f"{not_reloaded(error)}\n")
