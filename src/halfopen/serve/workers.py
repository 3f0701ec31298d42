"""Several processes behind one port: each accepts from the same listening socket, each has its own connections.

A worker that dies is replaced; the stop is passed on to all, and each finishes what it has in flight. So is SIGHUP, by
which each reads its configuration again.
"""

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from halfopen.errors import HalfopenError

_STOPS: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_HEARD: Final = _STOPS | {signal.SIGHUP, signal.SIGCHLD}
_PAUSE_SECONDS: Final = 1.0
"""Between a death and its replacement, so that a worker that cannot live does not keep a processor busy."""

_LONGEST_SECONDS: Final = 60.0


def run(count: int, work: Callable[[int], int], died: Callable[[int], None], reload: Callable[[], bool]) -> int:
    """Runs `work` in `count` forked processes until this one is told to stop; the exit code.

    `work` is told its place among them, from 0; a worker that replaces another takes its place. `died` is called with
    a process's id when it has ended by itself. `reload` is called at SIGHUP, which is passed on where it is true; a
    worker begins with SIGHUP blocked. Nothing of this process may run in threads.
    """
    # All signals wait until they are asked for: one that came just before this process slept would else be slept over.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    # Some systems drop a signal that would be ignored even while it is blocked.
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        _Workers(work, died, reload).run(count)
    finally:
        signal.signal(signal.SIGCHLD, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask - {signal.SIGHUP})
    return 0


class _Workers:
    def __init__(self, work: Callable[[int], int], died: Callable[[int], None], reload: Callable[[], bool]) -> None:
        self._work = work
        self._died = died
        self._reload = reload
        self._places: dict[int, int] = {}
        self._missing: deque[tuple[float, int]] = deque()
        self._stopping = False

    def run(self, count: int) -> None:
        for place in range(count):
            self._start(place)
        while self._places or (self._missing and not self._stopping):
            self._hear(self._pause())
            self._bury()
            while self._missing and not self._stopping and self._missing[0][0] <= time.monotonic():
                self._start(self._missing.popleft()[1])

    def _pause(self) -> float:
        """Seconds until a worker is to be replaced."""
        if self._stopping or not self._missing:
            return _LONGEST_SECONDS
        return max(0.0, self._missing[0][0] - time.monotonic())

    def _hear(self, seconds: float) -> None:
        """Waits for a signal, and does what it says."""
        heard = signal.sigtimedwait(_HEARD, seconds)
        if heard is None:
            return
        if heard.si_signo in _STOPS:
            self._stopping = True
            self._tell(signal.SIGTERM)
        elif heard.si_signo == signal.SIGHUP and not self._stopping and self._reload():
            self._tell(signal.SIGHUP)

    def _bury(self) -> None:
        """Takes note of whoever has ended; several deaths may have made one signal."""
        while self._places:
            process, _ = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            place = self._places.pop(process)
            if not self._stopping:
                self._died(process)
                self._missing.append((time.monotonic() + _PAUSE_SECONDS, place))

    def _start(self, place: int) -> None:
        process = os.fork()
        if process == 0:
            _live(self._work, place)
        self._places[process] = place

    def _tell(self, number: int) -> None:
        for process in self._places:
            os.kill(process, number)


def _live(work: Callable[[int], int], place: int) -> None:
    """Never returns: a worker must not go on with its parent's business."""
    code = 1
    try:
        for number in _HEARD:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD - {signal.SIGHUP})
        code = work(place)
    except Exception as error:  # noqa: BLE001 - the rim of the process: said in one line, and the parent replaces it
        words = str(error) if isinstance(error, HalfopenError) else f"{type(error).__name__}: {error}"
        sys.stderr.write(f"halfopen: worker {os.getpid()} cannot go on: {words}\n")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
