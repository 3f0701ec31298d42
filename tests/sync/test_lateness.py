"""What status tells of late rows, on every mirror."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from halfopen.config.product import ProductConfig
from halfopen.errors import SinkError
from halfopen.sinks.base import Sink
from halfopen.sync.lateness import lateness
from halfopen.sync.report import with_lag
from sinks.conftest import answer, engine, sink
from support.answers import NOON, Answers, transaction

__all__ = ["answer", "engine", "sink"]

PRODUCTS = {"vegas": ProductConfig(name="vegas", url="http://vegas.example", feeds=("transactions", "logins"))}


async def told(mirror: Sink) -> dict[tuple[str, str], dict[str, Any]]:
    async def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        return mirror.query(sql)

    return await lateness(query, PRODUCTS)


async def test_nothing_is_told_of_feeds_without_late_rows(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("1")])])
    assert await told(sink) == {}


async def test_histogram_offset_and_loss(sink: Sink, answer: Answers) -> None:
    """Ten rows at once; of three late ones two are found after 5:50 and 5:30, one after 71:50 minutes."""
    stamp = "2026-03-01 12:00:10"
    sink.apply([answer("transactions", [transaction(str(n), stamp) for n in range(7)])])
    early = [transaction("a", stamp), transaction("b", "2026-03-01 12:00:30")]
    sink.apply([answer("transactions", early, rung=1, fetched_at=NOON + timedelta(minutes=6))])
    late = answer("transactions", [*early, transaction("c", stamp)], rung=3, fetched_at=NOON + timedelta(minutes=72))
    sink.apply([late])
    found = await told(sink)
    assert found == {
        ("vegas", "transactions"): {
            "histogram": [{"at_most_seconds": 900, "rows": 2}, {"at_most_seconds": 21600, "rows": 1}],
            "advised_offset_seconds": 72 * 60,
            "plain_loss": 0.3,
        }
    }
    shown = with_lag(sink.status(), PRODUCTS, NOON, found)["products"]["vegas"]["feeds"]
    assert shown["transactions"]["lateness"]["plain_loss"] == 0.3
    assert "lateness" not in shown["logins"]


async def test_the_advised_offset_leaves_one_row_in_100_000_out(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("1")])])
    for key, minutes in (("a", 3), ("b", 90)):
        row = transaction(key, "2026-03-01 12:00:00")
        sink.apply([replace(answer("transactions", [row], rung=1), fetched_at=NOON + timedelta(minutes=minutes))])
    assert (await told(sink))["vegas", "transactions"]["advised_offset_seconds"] == 90 * 60


async def test_a_mirror_that_cannot_be_asked_tells_nothing() -> None:
    async def broken(_sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        raise SinkError("gone")

    assert await lateness(broken, PRODUCTS) == {}
