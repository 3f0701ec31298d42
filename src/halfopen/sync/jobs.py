"""What waits for the thread that owns the mirror: in which portions it is stored, and how its results come back.

Small answers go first, and of large ones no more into one transaction than it has time for, so that a month of
somebody's past holds up nobody's last minute. Results come back a few at a time: hundreds of lanes that plan their next
question in one turn of the event loop would hold up those whose time has come.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from halfopen.sinks.base import Answer, Sink

MOST_ANSWERS = 512
"""In one transaction."""
LARGE_BYTES = 256 << 10
"""Of a body that stands in line behind the small ones."""
MOST_LARGE_BYTES = 4 << 20
"""Of large bodies in one transaction, after the first."""
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do with the sink: store an answer, or call a function; neither means that this was all.

    future: of the event loop that waits for the result.
    """

    future: asyncio.Future[Any]
    answer: Answer | None = None
    call: Callable[[Sink], Any] | None = None

    @property
    def size(self) -> int:
        """Bytes of the body; 0 where it cannot be seen."""
        try:
            return self.answer.body.stat().st_size if self.answer is not None else 0
        except OSError:
            return 0


class Waiting:
    """Answers that have arrived and are not stored yet."""

    def __init__(self) -> None:
        self._small: deque[Job] = deque()
        self._large: deque[tuple[Job, int]] = deque()

    def __bool__(self) -> bool:
        return bool(self._small or self._large)

    def add(self, job: Job) -> None:
        """One more."""
        if (size := job.size) < LARGE_BYTES:
            self._small.append(job)
        else:
            self._large.append((job, size))

    def batch(self) -> list[Job]:
        """Those of the next transaction: a large one is always among them where there is one, so that none starves."""
        large: list[Job] = []
        room = MOST_LARGE_BYTES
        while self._large and (not large or self._large[0][1] <= room):
            job, size = self._large.popleft()
            large.append(job)
            room -= size
        count = min(len(self._small), MOST_ANSWERS - len(large))
        return [*(self._small.popleft() for _ in range(count)), *large]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job."""

    job: Job
    value: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        """In the event loop that waits for it."""
        if self.job.future.done():
            return
        if self.error is None:
            self.job.future.set_result(self.value)
        else:
            self.job.future.set_exception(self.error)


def tell(results: Iterable[Result]) -> None:
    """Give results back from another thread, a few in each turn of the event loop that waits for them."""
    by_loop: dict[asyncio.AbstractEventLoop, deque[Result]] = {}
    for result in results:
        by_loop.setdefault(result.job.future.get_loop(), deque()).append(result)
    for loop, some in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_tell, loop, some)


def _tell(loop: asyncio.AbstractEventLoop, results: deque[Result]) -> None:
    for _ in range(min(_AT_ONCE, len(results))):
        results.popleft().tell()
    if results:
        loop.call_soon(_tell, loop, results)
