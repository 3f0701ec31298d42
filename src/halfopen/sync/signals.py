"""SIGTERM and SIGINT ask politely, once; the second one ends the process at once."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass
class Caught:
    """Which signal came, if any."""

    number: int | None = None


def heed_interrupts() -> None:
    """Let SIGINT end this process also where it was started to ignore it, as scripts do with what they put behind."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def polite(stop: Callable[[], None]) -> Iterator[Caught]:
    """Within the block the first of these signals calls `stop`; needs the main thread's running event loop."""
    loop = asyncio.get_running_loop()
    caught = Caught()
    numbers = (signal.SIGTERM, signal.SIGINT)

    def hear(number: int) -> None:
        caught.number = number
        for one in numbers:
            loop.remove_signal_handler(one)
        stop()

    for number in numbers:
        loop.add_signal_handler(number, hear, number)
    try:
        yield caught
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
