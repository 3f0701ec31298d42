"""The one thread that owns the mirror: it stores what has arrived, several answers in one transaction."""

import asyncio
import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from halfopen.errors import ContractError, SinkError
from halfopen.sinks.base import Answer, Applied, Sink

T = TypeVar("T")
# One transaction takes no more than this, so that nobody waits long behind it.
MOST_ANSWERS = 512
MOST_BYTES = 64 << 20
NICENESS = 5
"""Of the threads that store, and of those that answer what people ask of the mirror."""


@dataclass(frozen=True, slots=True)
class _Job:
    """Something to do with the sink: store an answer, or call a function."""

    future: Future[Any]
    answer: Answer | None = None
    call: Callable[[Sink], Any] | None = None


class Writer:
    """Owns `sink` from `open` to `close`; may be used from any event loop."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def open(self) -> None:
        """Start the thread and open the sink in it; SinkError."""
        self._thread = threading.Thread(target=self._work, name="halfopen-writer", daemon=True)
        self._thread.start()
        try:
            await self.call(lambda sink: sink.open())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Do what is waiting, close the sink, end the thread."""
        if self._thread is None:
            return
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._thread = None

    async def apply(self, answer: Answer) -> Applied:
        """Store one answer; SinkError or ContractError, and then nothing of it is stored."""
        applied: Applied = await self._put(_Job(Future(), answer=answer))
        return applied

    async def call(self, function: Callable[[Sink], T]) -> T:
        """What `function` gives for the sink, between two transactions."""
        result: T = await self._put(_Job(Future(), call=function))
        return result

    def interrupt(self) -> None:
        """Stop the statement that runs now."""
        self._sink.interrupt()

    async def _put(self, job: _Job) -> Any:
        if self._thread is None:
            raise SinkError("the mirror is closed")
        self._jobs.put(job)
        return await asyncio.wrap_future(job.future)

    def _work(self) -> None:
        step_back()
        carried: _Job | None = None
        while (job := carried or self._jobs.get()) is not None:
            carried = None
            if job.answer is None:
                _settle(job, lambda job=job: job.call(self._sink))  # type: ignore[misc]  # a job has one of the two
                continue
            batch, carried, ended = self._gather(job)
            self._store(batch)
            if ended:
                break
        self._sink.close()

    def _gather(self, first: _Job) -> tuple[list[_Job], _Job | None, bool]:
        """Answers that have arrived by now; and the job that ended the batch, or that the end has come."""
        batch, size = [first], _size(first)
        while len(batch) < MOST_ANSWERS and size < MOST_BYTES:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, None, True
            if job.answer is None:
                return batch, job, False
            batch.append(job)
            size += _size(job)
        return batch, None, False

    def _store(self, batch: list[_Job]) -> None:
        """All in one transaction; where that fails, in halves, so that in the end only the culprits fail."""
        self._store_all([job for job in batch if job.future.set_running_or_notify_cancel()])

    def _store_all(self, jobs: list[_Job]) -> None:
        if not jobs:
            return
        try:
            applied = self._sink.apply([job.answer for job in jobs if job.answer is not None])
        except BaseException as error:  # noqa: BLE001 - whoever waits for the answer gets it
            if len(jobs) > 1 and isinstance(error, (SinkError, ContractError, OSError)):
                half = len(jobs) // 2
                self._store_all(jobs[:half])
                self._store_all(jobs[half:])
                return
            told = SinkError(f"the mirror failed: {error}") if isinstance(error, OSError) else error
            for job in jobs:
                job.future.set_exception(told)
        else:
            for job, one in zip(jobs, applied, strict=True):
                job.future.set_result(one)


def step_back() -> None:
    """Asking on time comes before storing and reading: with much in hand the mirror's threads would hold up the others.

    For the thread that calls it.
    On Linux a thread has a niceness of its own, and those that it starts inherit it.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _settle(job: _Job, call: Callable[[], Any]) -> None:
    if not job.future.set_running_or_notify_cancel():
        return
    try:
        job.future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
        job.future.set_exception(error)


def _size(job: _Job) -> int:
    try:
        return job.answer.body.stat().st_size if job.answer is not None else 0
    except OSError:
        return 0
