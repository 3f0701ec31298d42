"""The one thread that owns the mirror: it stores what has arrived, several answers in one transaction."""

import asyncio
import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from halfopen.errors import SinkError
from halfopen.sinks.base import Answer, Applied, Sink
from halfopen.sync.jobs import Job, Result, Waiting, tell

T = TypeVar("T")
NICENESS = 5
"""Of the threads that store, and of those that answer what people ask of the mirror."""


class Writer:
    """Owns `sink` from `open` to `close`; may be used from any event loop."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
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
        self._jobs.put(self._job())
        await asyncio.to_thread(self._thread.join)
        self._thread = None

    async def apply(self, answer: Answer) -> Applied:
        """Store one answer; SinkError or ContractError, and then nothing of it is stored."""
        applied: Applied = await self._put(self._job(answer=answer))
        return applied

    async def call(self, function: Callable[[Sink], T]) -> T:
        """What `function` gives for the sink, between two transactions."""
        result: T = await self._put(self._job(call=function))
        return result

    def interrupt(self) -> None:
        """Stop the statement that runs now."""
        self._sink.interrupt()

    async def _put(self, job: Job) -> Any:
        if self._thread is None:
            raise SinkError("the mirror is closed")
        self._jobs.put(job)
        return await job.future

    def _job(self, answer: Answer | None = None, call: Callable[[Sink], Any] | None = None) -> Job:
        return Job(asyncio.get_running_loop().create_future(), answer, call)

    def _work(self) -> None:
        step_back()
        waiting = Waiting()
        after: Job | None = None
        """A job that is no answer: its turn comes when all is stored that came before it."""
        while True:
            after = after or self._arrived(waiting)
            if waiting:
                self._store(waiting.batch())
            elif after is not None:
                if after.call is None:
                    break
                tell([_called(after, after.call, self._sink)])
                after = None
        self._sink.close()

    def _arrived(self, waiting: Waiting) -> Job | None:
        """Take what has come by now, or wait where there is nothing to do, up to the first that is no answer."""
        while True:
            try:
                job = self._jobs.get(block=not waiting)
            except queue.Empty:
                return None
            if job.answer is None:
                return job
            waiting.add(job)

    def _store(self, batch: list[Job]) -> None:
        """All in one transaction; where that fails, in halves, so that in the end only the culprits fail."""
        self._store_all([job for job in batch if not job.future.cancelled()])

    def _store_all(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        try:
            applied = self._sink.apply([job.answer for job in jobs if job.answer is not None])
        except BaseException as error:  # noqa: BLE001 - whoever waits for the answer gets it
            if len(jobs) > 1 and isinstance(error, Exception):
                half = len(jobs) // 2
                self._store_all(jobs[:half])
                self._store_all(jobs[half:])
                return
            told = SinkError(f"the mirror failed: {error}") if isinstance(error, OSError) else error
            tell(Result(job, error=told) for job in jobs)
        else:
            tell(Result(job, one) for job, one in zip(jobs, applied, strict=True))


def step_back() -> None:
    """Asking on time comes before storing and reading: with much in hand the mirror's threads would hold up the others.

    For the thread that calls it.
    On Linux a thread has a niceness of its own, and those that it starts inherit it.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _called(job: Job, call: Callable[[Sink], Any], sink: Sink) -> Result:
    if job.future.cancelled():
        return Result(job)
    try:
        return Result(job, call(sink))
    except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
        return Result(job, error=error)
