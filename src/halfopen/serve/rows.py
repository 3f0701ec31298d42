"""A window's rows: from the database, within the limits, to the caller."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from functools import lru_cache
from typing import Any, Final

from halfopen.serve.delivery import Delivery
from halfopen.serve.framing import framed
from halfopen.serve.mapping import Offer
from halfopen.serve.problems import not_acceptable, too_many_rows, too_slow
from halfopen.serve.request import Request
from halfopen.serve.windows import Reading
from halfopen.window.window import Window
from halfopen.wire.encode import Encoding, acceptable
from halfopen.wire.negotiate import Format

_NOBODY: Final = "anonymous"
"""The name of all callers where nobody signs in: there the address tells one from another."""


async def send_rows(request: Request, offer: Offer, format_: Format, window: Window) -> None:
    """Answers a window; Problem when it cannot be answered, or costs more than the limits allow."""
    accepted = _accepted(request.headers.get("accept-encoding"))
    if not accepted:
        raise not_acceptable()
    setup = request.setup
    caller = request.caller if request.caller != _NOBODY else request.address
    async with setup.turnstile.through(caller or ""):
        reading = await setup.windows.reading(offer, window)
        delivery = Delivery(
            request.send,
            request.scope["http_version"],
            {**request.base_headers(), "Content-Type": format_.media_type, **reading.headers},
            lambda: request.rows,
            accepted,
            setup.spools,
            setup.is_crowded,
        )
        request.delivery = delivery
        request.status = 200
        try:
            if request.method == "HEAD":
                await delivery.head()
            else:
                await _within(request, _deliver(request, reading, offer, format_, window))
        finally:
            await reading.close()


@lru_cache(maxsize=64)
def _accepted(accept_encoding: str | None) -> tuple[Encoding, ...]:
    """A poller sends the same header every minute."""
    return tuple(acceptable(accept_encoding))


async def _deliver(request: Request, reading: Reading, offer: Offer, format_: Format, window: Window) -> None:
    blocks = _nothing() if window.is_empty else _blocks(request, reading, format_)
    delivery = request.delivery
    async with aclosing(blocks), aclosing(framed(blocks, offer.selection.names, format_)) as body:
        if delivery is not None:
            await delivery.deliver(body)


async def _within(request: Request, answer: Coroutine[Any, Any, None]) -> None:
    limit = request.setup.limits.wall_time
    if limit is None:
        await answer
        return
    try:
        async with asyncio.timeout(limit.total_seconds()) as clock:
            await answer
    except TimeoutError:
        if clock.expired():
            raise too_slow(limit) from None
        raise


async def _blocks(request: Request, reading: Reading, format_: Format) -> AsyncGenerator[bytes, None]:
    """The blocks of a reading, which ends with them: the database is not held for what is still to be sent."""
    setup = request.setup
    most = setup.limits.max_rows
    setup.readings += 1
    try:
        async with reading.open(format_) as stream:
            async for block in stream:
                request.rows = stream.rows
                if most is not None and stream.rows > most:
                    raise too_many_rows(most)
                yield block
    finally:
        setup.readings -= 1


async def _nothing() -> AsyncGenerator[bytes, None]:
    """The blocks of an empty window."""
    for block in tuple[bytes, ...]():
        yield block
