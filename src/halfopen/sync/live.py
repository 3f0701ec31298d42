"""A live run: the lanes that are pulled until somebody says stop; more may come in while it lasts."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Self

from halfopen.errors import ConfigError
from halfopen.sync.lane import Lane
from halfopen.sync.lanes import Lanes, Name


class Live:
    """Use it as an async context; `over` is done when all lanes have ended, and has what one of them failed by."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._tasks: set[asyncio.Task[None]] = set()
        self._beginning: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all lanes, whatever they are for; what is being stored is finished."""
        self.over.cancel()
        for task in self._beginning:
            task.cancel()
        await self._lanes.halt()

    async def begin(self, names: Iterable[Name]) -> None:
        """Pull these, once the mirror has told how far each of them is."""
        for lane in [await self._lanes.lane(*name) for name in names]:
            self._go(lane)

    def begin_later(self, names: Iterable[Name]) -> None:
        """Pull those of these that are not pulled yet, each as soon as its last lane has ended."""
        for name in names:
            task = asyncio.ensure_future(self._begin(name))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)
            self._hold(task)

    async def _begin(self, name: Name) -> None:
        try:
            lane = await self._lanes.lane(*name)
        except ConfigError:
            return  # it has been taken out again meanwhile
        if not lane.scope.live:
            self._go(lane)

    def _go(self, lane: Lane) -> None:
        lane.owe(replace(lane.scope, live=True, rereads=True))
        self._hold(lane.start())

    def _hold(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if self.over.done():
            return
        if error is not None:
            self.over.set_exception(error)
        elif not self._tasks:
            self.over.set_result(None)
