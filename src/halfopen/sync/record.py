"""What a mirror is told of one request: the answer that it brought, or the holes that it left; pure."""

from dataclasses import replace
from datetime import datetime

from halfopen.config.product import ProductConfig
from halfopen.contract.model import Feed
from halfopen.sinks.base import Answer, Hole
from halfopen.sync.fetched import Fetched
from halfopen.sync.planner import Ask
from halfopen.window.window import Window


def answer(  # noqa: PLR0917 - who asked whom for what, and what came
    product: ProductConfig, feed: Feed, ask: Ask, fetched: Fetched, seq: int, settles: tuple[tuple[int, Window], ...]
) -> Answer:
    """A whole answer to the request `seq`; `settles`: what further rungs need not read again."""
    return Answer(
        product=product.name,
        feed=feed,
        window=ask.window,
        rung=ask.rung,
        seq=seq,
        body=fetched.body,
        format=fetched.format,
        columns=product.columns.get(feed.name, {}),
        asked_at=fetched.asked_at,
        fetched_at=fetched.fetched_at,
        server_date=fetched.server_date,
        digest=fetched.digest,
        attempts=ask.attempts + fetched.requests - 1,
        zone=product.dialect.timezone,
        settles=settles,
        whole=feed.name in product.catalogues,
    )


def holes(  # noqa: PLR0917 - the same
    product: str, feed: str, ask: Ask, error: str, now: datetime, next_try: datetime
) -> tuple[Hole, ...]:
    """What is owed after a failure: the holes that were to be filled, each tried once more, or a new one."""
    if ask.holes:
        return tuple(
            replace(hole, attempts=hole.attempts + 1, last_error=error, next_try=next_try) for hole in ask.holes
        )
    hole = Hole(
        product=product,
        feed=feed,
        window=ask.window,
        rung=ask.rung,
        since=now,
        attempts=1,
        last_error=error,
        next_try=next_try,
    )
    return (hole,)
