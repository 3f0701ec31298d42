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
