"""Ctrl-C while something is asked and told: the first ends the asking, and what was found is told all the same."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Leaving:
    """How often it was pressed; `asking` is the task that the first one cancels, while there is one."""

    def __init__(self) -> None:
        self.pressed = 0
        self._asking: tuple[asyncio.AbstractEventLoop, asyncio.Task[object]] | None = None

    def asks(self) -> None:
        """The current task may be cancelled from now on."""
        task = asyncio.current_task()
        self._asking = None if task is None else (asyncio.get_running_loop(), task)

    def tells(self) -> None:
        """Nothing is asked any more: what follows is worth waiting for."""
        self._asking = None

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """A signal came: stop asking, then say what is going on, then leave."""
        self.pressed += 1
        if self.pressed == 1 and self._asking is not None:
            loop, task = self._asking
            loop.call_soon_threadsafe(task.cancel)
            return
        if self.pressed > 2:  # noqa: PLR2004 - who presses three times means it
            raise KeyboardInterrupt
        sys.stderr.write(
            "halfopen: the report of what was found is being written; Ctrl-C once more leaves without it\n"
        )
        # Whoever asked twice is told so once, and believed the next time.
        self.pressed = 2


@contextmanager
def politely() -> Iterator[Leaving]:
    """Within the block SIGINT is heard by what is yielded; needs the main thread."""
    leaving = Leaving()
    before = signal.signal(signal.SIGINT, leaving.hear)
    try:
        yield leaving
    finally:
        signal.signal(signal.SIGINT, before)
