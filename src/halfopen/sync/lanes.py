"""The lanes of one puller, and the clients that they ask with; a new configuration is taken in while they run."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds as contract_feeds
from halfopen.errors import ConfigError
from halfopen.sync.client import CONNECTIONS, ProductClient
from halfopen.sync.lane import Lane
from halfopen.sync.surroundings import Surroundings

Name = tuple[str, str]
"""Of a lane: its product's and its feed's."""


class Lanes:
    """One for each feed of each product that was asked for; iterate over those that there are now."""

    def __init__(
        self, products: Mapping[str, ProductConfig], around: Surroundings, session: aiohttp.ClientSession
    ) -> None:
        self._products = dict(products)
        self._around = _counted(around, products)
        self._session = session
        self._lanes: dict[Name, Lane] = {}
        self._clients: dict[str, ProductClient] = {}
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._leaving: dict[Name, tuple[Lane, asyncio.Task[None]]] = {}
        self._adopting: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Lane]:
        return iter(tuple(self._lanes.values()))

    def __contains__(self, lane: object) -> bool:
        return any(lane is one for one in self)

    async def lane(self, product: str, feed: str) -> Lane:
        """The lane of a feed, made of what the mirror has of it where there is none; ConfigError for what is gone."""
        name = (product, feed)
        while name in self._leaving:
            await asyncio.wait([self._leaving[name][1]])
        if name not in self._lanes:
            known = await self._around.writer.call(lambda sink: sink.progress(product, feed))
            config = self._products.get(product)
            if config is None or feed not in config.feeds:
                raise ConfigError(f"{product} {feed} has just been taken out of the configuration")
            ladder = config.ladder_of(feed)
            known = await self._around.rereads.checked(name, ladder, known, self._around.clock())
            if self._products.get(product) is not config:  # another configuration has come in meanwhile
                return await self.lane(product, feed)
            lane = Lane(config, contract_feeds()[feed], self.client(product), known, self._around)
            self._lanes.setdefault(name, lane)
        return self._lanes[name]

    def client(self, product: str) -> ProductClient:
        """The one that all lanes of a product ask with."""
        if product not in self._clients:
            config = self._products[product]
            host = urlsplit(config.url).netloc.lower()
            gate = self._gates.setdefault(host, asyncio.Semaphore(CONNECTIONS))
            around = self._around
            self._clients[product] = ProductClient(config, self._session, around.clock, gate=gate, dice=around.dice)
        return self._clients[product]

    def down(self) -> dict[str, bool]:
        """Of each product whether it is left in peace because it does not answer."""
        return {name: client.breaker.is_open for name, client in tuple(self._clients.items())}

    def adopt(self, products: Mapping[str, ProductConfig]) -> None:
        """Go on by another configuration; requests that are on their way end as they began, and are stored.

        Lanes of products and feeds that are gone end after that. New ones are made when they are asked for.
        """
        before, self._products = self._products, dict(products)
        self._around = _counted(self._around, products)
        self._around.rereads.forget()
        changed = {name for name in before if not _is_same(before[name], products.get(name))}
        for product in changed:
            self._clients.pop(product, None)
        for name, lane in tuple(self._lanes.items()):
            config = products.get(name[0])
            if config is None or name[1] not in config.feeds:
                self._leave(name)
            elif name[0] in changed:
                self._later(lane.adopt(config, self.client(name[0]), self._around))

    async def halt(self, lanes: list[Lane] | None = None) -> None:
        """End these, by default all: what is being stored is finished, what is on its way is dropped."""
        chosen = [*self, *(lane for lane, _ in self._leaving.values())] if lanes is None else lanes
        await asyncio.gather(*(lane.stop() for lane in chosen))
        if lanes is None:
            await asyncio.gather(*self._adopting, *(task for _, task in tuple(self._leaving.values())))

    def _leave(self, name: Name) -> None:
        lane = self._lanes.pop(name)
        task = asyncio.ensure_future(lane.finish())
        self._leaving[name] = (lane, task)
        task.add_done_callback(lambda _: self._leaving.pop(name, None))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """As soon as the lane has ended what it has in hand, which may take as long as a product hangs."""
        task = asyncio.ensure_future(work)
        self._adopting.add(task)
        task.add_done_callback(self._adopting.discard)


def _counted(around: Surroundings, products: Mapping[str, ProductConfig]) -> Surroundings:
    return replace(around, lanes=sum(len(product.feeds) for product in products.values()))


def _is_same(before: ProductConfig, now: ProductConfig | None) -> bool:
    """Whether nothing has to be made anew; a file of certificates may have other content under the same name."""
    return before == now and before.ca is None
