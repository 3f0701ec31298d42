"""Connections that a product closes while nobody looks, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from halfopen.check import road
from halfopen.check.client import Client, Limits
from halfopen.check.exchange import Exchange
from halfopen.config.product import ProductConfig, read_product
from halfopen.window.window import Window

MINUTE = Window(datetime(2026, 7, 10, 12, tzinfo=UTC), datetime(2026, 7, 10, 12, 1, tzinfo=UTC))
FEEDS = ("players", "contacts", "transactions", "logins")
ROWS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


@asynccontextmanager
async def house(answers: int) -> AsyncIterator[ProductConfig]:
    """A product that answers so many requests of each connection, and drops the next one without a word."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(answers):
            await reader.readuntil(b"\r\n\r\n")
            # The others are to need connections of their own.
            await asyncio.sleep(0.1)
            writer.write(ROWS)
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield read_product("test", {"url": f"http://127.0.0.1:{port}", "auth": {"scheme": "none"}}, "test")


async def asked_twice(product: ProductConfig, folder: Path, **limits: int) -> tuple[Client, list[Exchange]]:
    """The client, and what came of the second polls of some feeds; the first ones are asked all at once."""
    async with road.session(product) as session:
        client = Client(
            product, session, Limits(rate=500, **limits), folder, clock=lambda: datetime.now(UTC), monotonic=monotonic
        )
        await asyncio.gather(*(client.ask(feed, "burst", MINUTE, burst=True) for feed in FEEDS))
        return client, [await client.ask(feed, "minute", MINUTE) for feed in FEEDS]


async def test_an_old_connection_that_was_closed_is_no_fault(tmp_path: Path) -> None:
    async with house(answers=1) as product:
        client, found = await asked_twice(product, tmp_path)
    assert [(o.status, o.error) for o in found] == [(200, None)] * len(FEEDS)
    assert len(client.exchanges) == 2 * len(FEEDS)
    assert client.requests > len(client.exchanges), "what is sent once more counts"
    assert max(o.resent for o in found) == len(FEEDS), "each old connection was tried, and a new one"


async def test_nothing_is_sent_once_more_beyond_the_budget(tmp_path: Path) -> None:
    async with house(answers=1) as product:
        client, (first, *_) = await asked_twice_within(product, tmp_path, len(FEEDS) + 1)
    assert first.error_code == "transport_error"
    assert client.requests == len(FEEDS) + 1


async def asked_twice_within(product: ProductConfig, folder: Path, requests: int) -> tuple[Client, list[Exchange]]:
    """As `asked_twice`, but the second poll of one feed alone, with a budget."""
    async with road.session(product) as session:
        client = Client(
            product, session, Limits(rate=500, requests=requests), folder, clock=lambda: datetime.now(UTC),
            monotonic=monotonic,
        )  # fmt: skip
        await asyncio.gather(*(client.ask(feed, "burst", MINUTE, burst=True) for feed in FEEDS))
        return client, [await client.ask(FEEDS[0], "burst", MINUTE, burst=True)]


async def test_a_new_connection_that_is_dropped_is_one(tmp_path: Path) -> None:
    async with house(answers=0) as product, road.session(product) as session:
        client = Client(product, session, Limits(), tmp_path, clock=lambda: datetime.now(UTC), monotonic=monotonic)
        found = await client.ask("logins", "minute", MINUTE)
    assert (found.status, found.error_code) == (None, "transport_error")
