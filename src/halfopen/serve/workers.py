"""Several processes behind one port: each accepts from the same listening socket, each has its own connections.

A worker that dies is replaced; the stop is passed on to all, and each finishes what it has in flight. So is SIGHUP, by
which each reads its configuration again.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

_STOPS: Final = (signal.SIGTERM, signal.SIGINT)
_PAUSE_SECONDS: Final = 1.0
"""Between a death and its replacement, so that a worker that cannot live does not keep a processor busy."""


def run(count: int, work: Callable[[int], int], died: Callable[[int], None], reload: Callable[[], bool]) -> int:
    """Runs `work` in `count` forked processes until this one is told to stop; the exit code.

    `work` is told its place among them, from 0; a worker that replaces another takes its place.
    `died` is called with a process's id when it has ended by itself. `reload` is called at SIGHUP, which is passed on
    where it is true; a worker begins with SIGHUP blocked. Nothing of this process may run in threads.
    """
    return _Workers(work, died, reload).run(count)


class _Workers:
    def __init__(self, work: Callable[[int], int], died: Callable[[int], None], reload: Callable[[], bool]) -> None:
        self._work = work
        self._died = died
        self._reload = reload
        self._processes: dict[int, int] = {}
        self._stopping = False

    def run(self, count: int) -> int:
        before = {number: signal.signal(number, self._stop) for number in _STOPS}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._reread)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
        try:
            for place in range(count):
                self._start(place)
            while self._processes:
                process, _ = os.wait()
                place = self._processes.pop(process)
                if not self._stopping:
                    self._died(process)
                    time.sleep(_PAUSE_SECONDS)
                    self._start(place)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def _start(self, place: int) -> None:
        # A stop that comes while a worker is being made waits until the worker is known.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {*_STOPS, signal.SIGHUP})
        try:
            if not self._stopping:
                process = os.fork()
                if process == 0:
                    _live(self._work, place)
                self._processes[process] = place
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self._tell(signal.SIGTERM)

    def _reread(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping and self._reload():
            self._tell(signal.SIGHUP)

    def _tell(self, number: int) -> None:
        for process in self._processes:
            os.kill(process, number)


def _live(work: Callable[[int], int], place: int) -> None:
    """Never returns: a worker must not go on with its parent's business."""
    code = 1
    try:
        for number in (*_STOPS, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        code = work(place)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
