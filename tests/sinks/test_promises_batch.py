"""Many small answers in one transaction leave what they leave one by one, listed or staged."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from halfopen.sinks import listed
from halfopen.sinks.base import Answer, Sink
from halfopen.wire.negotiate import Format
from sinks.conftest import Engine
from support.answers import NOON, Answers, csv_of, player, session, table, transaction

TABLES = ("players", "transactions", "game_activity", "wallets", "auto_logins")
BOOKS = ("ledger", "holes", "quarantine", "late_rows", "findings", "self_exclusions")
LATER = NOON + timedelta(minutes=7)


def story(answers: Answers) -> list[list[Answer]]:
    """Batches over many products: new rows, replaced, stale, odd and unusable ones, none, doubled, late."""
    batches: list[list[Answer]] = [[], [], []]

    def ask(batch: int, product: int, feed: str, rows: Any, **more: Any) -> None:
        answers.product = f"p{product}"
        batches[batch].append(answers(feed, rows, **more))

    for product in range(8):
        ask(
            0,
            product,
            "players",
            [player("a", self_excluded="0", country="EE"), player("b", self_excluded="1", country="LV")],
        )
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
        for batch, vip in enumerate(("3", "3" if product % 2 else '4 "\u00f6" \\ \u2028', None)):
            rows = [
                player("x", f"2026-03-01 12:0{batch}:30", vip=vip, tag="", utm_source="" if product % 3 else None),
                player("y", f"2026-03-01 12:0{batch}:30", is_blocked="1" if not batch else None, vip="1"),
            ]
            format_ = Format.NDJSON if product % 4 == 1 else Format.CSV
            ask(batch, product + 100, "players", rows, window=(f"0{batch}:00", f"0{batch + 1}:00"), format=format_)
            token = {"player_id": "a", "login_token": f"t{batch}", "updated_at": f"2026-03-01 12:0{batch}:10"}
            ask(batch, product, "auto_logins", [token], window=(f"0{batch}:00", f"0{batch + 1}:00"))
    ask(2, 0, "wallets", b"id,player_id,currency,modified_at\r\n", window=("02:00", "03:00"))
    ask(2, 1, "transactions", csv_of([transaction("json")]), window=("02:00", "03:00"))
    ask(1, 12, "transactions", [transaction("ahead", "2030-01-01 00:00:00")])
    ask(2, 12, "transactions", [transaction("ahead", amount="5")], window=("01:00", "02:00"))
    ask(1, 15, "transactions", [transaction("seen")])
    ask(2, 15, "transactions", [transaction("late and alone")], rung=1, fetched_at=LATER)
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


def told(sink: Sink, folder: Path, *, together: bool) -> tuple[Any, ...]:
    """All that is left of the story, and what was said of it."""
    sink.open()
    applied = []
    for batch in story(Answers(sink, folder)):
        for part in [batch] if together else [[answer] for answer in batch]:
            applied += sink.apply(part)
    found = applied, contents(sink), sink.status(), sink.progress("p3", "transactions")
    sink.close()
    return found


def test_together_is_as_one_by_one(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for number, (together, is_listed) in enumerate([(True, True), (True, False), (False, False)]):
        other = type(engine)(tmp_path / f"mirror{number}") if number else engine
        (tmp_path / f"mirror{number}").mkdir(exist_ok=True)
        if not is_listed:
            monkeypatch.setattr(listed, "MOST_BYTES", 0)
        results.append(told(other.make(), tmp_path, together=together))
        if other is not engine:
            other.close()
    for result in results[1:]:
        for one, another in zip(results[0], result, strict=True):
            assert one == another
    assert sum(one.late for one in results[0][0]) > 0
    assert len(results[0][1]["halfopen.findings"]) > 5
    assert len(results[0][1]["halfopen.quarantine"]) > 0


@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r"])
def test_a_line_end_inside_of_a_name_loses_no_row(
    sink: Sink, answer: Answers, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    monkeypatch.setattr(listed, "MOST_BYTES", 0)
    asked = []
    for product in range(3):
        answer.product = f"p{product}"
        body = csv_of([transaction("a", **{f"two{inside}lines": "x"}), transaction("b")])
        asked.append(answer("transactions", body.replace(b"\r\n", b"\n") if inside == "\r" else body))
    assert [one.rows for one in sink.apply(asked)] == [2, 2, 2]
    assert len(table(sink, "SELECT * FROM transactions")) == 6


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
