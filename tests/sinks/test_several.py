"""A player has several devices: the latest row of contacts counts, and every push token is kept beside it."""

from datetime import datetime, timedelta

import pytest

from halfopen.sinks import listed
from halfopen.sinks.base import Sink
from halfopen.wire.negotiate import Format
from support.answers import NOON, Answers, stored, table

STAMP = "2026-03-01 12:00:10"


def contact(player: str, token: str | None, modified_at: str = STAMP, **more: str | None) -> dict[str, str | None]:
    return {"player_id": player, "push_token": token, "created_at": STAMP, "modified_at": modified_at, **more}


def tokens(sink: Sink) -> dict[tuple[str, str], datetime]:
    rows = table(sink, "SELECT * FROM contact_tokens WHERE product = 'vegas'")
    return {(row["player_id"], row["push_token"]): row["last_seen"] for row in rows}


def second(number: int) -> datetime:
    return datetime(2026, 3, 1, 12, 0, number)  # noqa: DTZ001 - a mirror's stamps are UTC without a zone


@pytest.mark.parametrize("format_", [Format.CSV, Format.NDJSON])
@pytest.mark.parametrize("most_bytes", [0, listed.MOST_BYTES])
def test_each_token_is_kept_with_when_it_was_last_seen(
    sink: Sink, answer: Answers, monkeypatch: pytest.MonkeyPatch, format_: Format, most_bytes: int
) -> None:
    monkeypatch.setattr(listed, "MOST_BYTES", most_bytes)
    several = [contact("a", "t1"), contact("a", "t2", "2026-03-01 12:00:20"), contact("b", None), contact("c", " ")]
    sink.apply([answer("contacts", several, format=format_)])
    assert stored(sink, "contacts")["a"]["push_token"] == "t2"
    assert tokens(sink) == {("a", "t1"): second(10), ("a", "t2"): second(20)}
    assert table(sink, "SELECT code FROM halfopen.findings") == []

    later = [contact("a", "t1", "2026-03-01 12:00:40"), contact("b", "t1", "2026-03-01 12:00:41")]
    older = [contact("a", "t3", "2026-03-01 12:00:05"), contact("b", "t1", "2026-03-01 12:00:06")]
    sink.apply([answer("contacts", later, format=format_)])
    sink.apply([answer("contacts", older, format=format_)])
    assert stored(sink, "contacts")["a"]["push_token"] == "t1"
    assert tokens(sink) == {
        ("a", "t1"): second(40), ("a", "t2"): second(20), ("a", "t3"): second(5), ("b", "t1"): second(41)
    }  # fmt: skip


def test_rows_that_differ_in_nothing_are_doubles(sink: Sink, answer: Answers) -> None:
    rows = [contact("a", "t1"), contact("a", "t1"), contact("a", "t2"), contact("b", None), contact("b", "")]
    sink.apply([answer("contacts", rows)])
    assert table(sink, "SELECT code, count FROM halfopen.findings") == [{"code": "duplicate_id", "count": 2}]


def test_a_row_that_cannot_be_used_keeps_its_token_in_quarantine(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("contacts", [contact("a", "t1"), contact("b", "t2", "soon")])])
    assert tokens(sink) == {("a", "t1"): second(10)}


def test_many_products_at_once_keep_theirs_apart(sink: Sink, answer: Answers) -> None:
    answers = []
    for product in ("vegas", "reno"):
        answer.product = product
        answers.append(answer("contacts", [contact("a", product), contact("b", "same")]))
    sink.apply(answers)
    assert tokens(sink) == {("a", "vegas"): second(10), ("b", "same"): second(10)}
    assert len(table(sink, "SELECT * FROM contact_tokens")) == 4


def test_who_is_forgotten_leaves_no_token(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("contacts", [contact("a", "t1"), contact("b", "t2")])])
    erased = sink.forget("vegas", "a", NOON + timedelta(days=1)).erased
    assert erased == {"contacts": 1, "contact_tokens": 1}
    assert tokens(sink) == {("b", "t2"): second(10)}
