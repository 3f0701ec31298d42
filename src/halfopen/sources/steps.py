"""A blocking connection that several steps of one task share, each in a thread, never two at once."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, Final, TypeVar

Value = TypeVar("Value")
_LEAVING: Final[set[asyncio.Task[Any]]] = set()
"""The event loop itself holds its tasks weakly."""


class Steps:
    """Steps in threads of `threads`; used on one event loop."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._last: asyncio.Future[Any] | None = None

    def start(self, work: Callable[[], Value]) -> "asyncio.Future[Value]":
        """Begins a step; the one before must have ended."""
        loop = asyncio.get_running_loop()
        try:
            started = loop.run_in_executor(self._threads, work)
        except RuntimeError:
            # The source was closed meanwhile: what is left to do is little.
            started = loop.run_in_executor(None, work)
        self._last = started
        return started

    async def run(self, work: Callable[[], Value]) -> Value:
        """The outcome of a step; it goes on when the caller goes away, and whatever follows waits for it."""
        await self.ended()
        return await asyncio.shield(self.start(work))

    async def ended(self) -> None:
        """Waits for the last step, however it ends."""
        if self._last is not None:
            await asyncio.wait([self._last])
            if not self._last.cancelled():
                self._last.exception()


@asynccontextmanager
async def held(steps: Steps, context: AbstractContextManager[Value]) -> AsyncGenerator[Value, None]:
    """A context that is entered and left in threads, and left for certain once it was entered."""
    entering = steps.start(context.__enter__)
    try:
        value = await asyncio.shield(entering)
    except asyncio.CancelledError as error:
        await steps.ended()
        if not entering.cancelled() and entering.exception() is None:
            await _left(steps, context, error)
        raise
    try:
        yield value
    except BaseException as error:
        await _left(steps, context, error)
        raise
    else:
        await _left(steps, context, None)


async def _left(steps: Steps, context: AbstractContextManager[Any], error: BaseException | None) -> None:
    # Goes on when the caller is cancelled once more meanwhile.
    leaving = asyncio.create_task(
        steps.run(lambda: context.__exit__(None if error is None else type(error), error, None))
    )
    _LEAVING.add(leaving)
    leaving.add_done_callback(_LEAVING.discard)
    await asyncio.shield(leaving)
