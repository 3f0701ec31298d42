"""Many small answers in one transaction leave what they leave one by one."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from halfopen.sinks.base import Answer, Sink
from halfopen.wire.negotiate import Format
from sinks.conftest import Engine
from support.answers import NOON, Answers, csv_of, player, session, table, transaction

TABLES = ("players", "transactions", "game_activity", "wallets")
BOOKS = ("ledger", "holes", "quarantine", "late_rows", "findings")
LATER = NOON + timedelta(minutes=7)


def story(answers: Answers) -> list[list[Answer]]:
    """Batches over many products: new rows, replaced, stale, odd and unusable ones, none, doubled, late."""
    batches: list[list[Answer]] = [[], [], []]

    def ask(batch: int, product: int, feed: str, rows: Any, **more: Any) -> None:
        answers.product = f"p{product}"
        batches[batch].append(answers(feed, rows, **more))

    for product in range(12):
        ask(0, product, "players", [player("a"), player("b", self_excluded="true"), player("c", country="LV")])
        odd = {"amount": "-5"} if product == 3 else {"currency": "XX9"} if product == 4 else {}
        bad = {"amount": "none"} if product == 5 else {}
        ask(0, product, "transactions", [transaction("1", **odd), transaction("2", **bad), transaction("3")])
        ask(0, product, "wallets", b"id,player_id,currency,modified_at\r\n")
        ask(
            0, product, "game_activity", [session("s"), session("s", win_count="2")] if product == 6 else [session("s")]
        )
        seen = player("a", "2026-03-01 12:01:20", self_excluded="")
        ask(
            1,
            product,
            "players",
            [seen, player("b", "2026-03-01 12:01:05", self_excluded="")],
            window=("01:00", "02:00"),
        )
        stale = transaction("1", "2026-03-01 11:00:00") if product % 2 else transaction("1", amount="99")
        ask(1, product, "transactions", [stale, transaction("4", "2030-01-01 00:00:00")], window=("01:00", "02:00"))
        ask(1, product, "game_activity", [session("s", bet_count="4")], window=("01:00", "02:00"))
        late = [transaction("3"), transaction("late")] if product % 3 else [transaction("3")]
        ask(2, product, "transactions", late, rung=1, fetched_at=LATER)
        ask(2, product, "players", [player("a")], rung=1, fetched_at=LATER)
        ask(2, product, "wallets", b"id,player_id,currency,modified_at\r\n", window=("01:00", "02:00"))
    ask(2, 0, "wallets", b"id,player_id,currency,modified_at\r\n", window=("02:00", "03:00"))
    ask(2, 1, "transactions", csv_of([transaction("json")]), window=("02:00", "03:00"))
    ask(2, 13, "players", [player("n", ref_code='a "quoted"\r\nline')])
    ask(2, 14, "players", [player("n", ref_code="x, y")])
    return batches


def contents(sink: Sink) -> dict[str, list[str]]:
    found = {}
    for name in (*TABLES, *(f"halfopen.{book}" for book in BOOKS)):
        found[name] = sorted(
            str({key: value for key, value in row.items() if key not in ("committed_at", "sample")})
            for row in table(sink, f"SELECT * FROM {name}")
        )
    return found


def test_together_is_as_one_by_one(engine: Engine, tmp_path: Path) -> None:
    results = []
    for number, split in enumerate[Callable[[list[Answer]], Sequence[list[Answer]]]](
        [lambda batch: [batch], lambda batch: [[answer] for answer in batch]]
    ):
        other = type(engine)(tmp_path / f"mirror{number}") if number else engine
        (tmp_path / f"mirror{number}").mkdir(exist_ok=True)
        sink = other.make()
        sink.open()
        applied = []
        for batch in story(Answers(sink, tmp_path)):
            for part in split(batch):
                applied += sink.apply(part)
        results.append((applied, contents(sink), sink.status(), sink.progress("p3", "transactions")))
        sink.close()
        if other is not engine:
            other.close()
    assert results[0] == results[1]
    assert sum(one.late for one in results[0][0]) > 0
    assert len(results[0][1]["halfopen.findings"]) > 5
    assert len(results[0][1]["halfopen.quarantine"]) > 0


@pytest.mark.parametrize("format_", [Format.CSV, Format.NDJSON])
def test_an_answer_that_cannot_be_read_lets_nothing_in(sink: Sink, answer: Answers, format_: Format) -> None:
    good = []
    for product in range(4):
        answer.product = f"p{product}"
        good.append(answer("players", [player("a")], format=format_))
    with pytest.raises(Exception, match="nobody"):
        sink.apply([*good, answer("players", b"nobody,knows\r\n1,2\r\n")])
    assert table(sink, "SELECT * FROM players") == []
    assert table(sink, "SELECT * FROM halfopen.ledger") == []
