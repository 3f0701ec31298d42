"""Rows in quarantine that are judged again: what becomes of each, and in whose place it comes into the mirror."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from halfopen.sinks.base import Sink
from halfopen.sinks.replay import Held, Rejudged, Replayed
from halfopen.wire.negotiate import Format
from support.answers import Answers, stored, table, transaction

UNMAPPED = {**transaction("t1", "2026-03-01 12:00:20"), "when": "2026-03-01 12:00:20"}
del UNMAPPED["updated_at"]


def held(sink: Sink, feed: str = "transactions", **more: Any) -> list[Held]:
    return sink.held("vegas", feed, **{"code": None, "after": (-1, ""), "limit": 100, **more})


def again(answer: Answers, rows: list[Held], texts: list[Mapping[str, str | None]], **fields: Any) -> Rejudged:
    """A job of held rows that came with one request, with these texts in place of theirs."""
    fields.setdefault("feed", "transactions")
    made = answer(fields.pop("feed"), texts, format=Format.NDJSON, seq=rows[0].seq, **fields)
    return Rejudged(answer=replace(made, window=rows[0].window), digests=tuple(row.digest for row in rows))


def states(sink: Sink) -> list[tuple[str, str]]:
    return [
        (row["state"], row["codes"]) for row in table(sink, "SELECT state, codes FROM halfopen.quarantine ORDER BY key")
    ]


def test_held_rows_are_listed_with_their_texts_by_request(sink: Sink, answer: Answers) -> None:
    first = answer("transactions", [UNMAPPED], zone="Europe/Riga")
    second = answer("transactions", [transaction("t2", amount="x"), transaction("t3", dir="sideways", amount="y")])
    sink.apply([first, second])

    rows = held(sink)
    assert [row.seq for row in rows] == [first.seq, second.seq, second.seq]
    assert rows[0].window == first.window
    assert (rows[0].seen, rows[0].zone, rows[1].zone) == (first.fetched_at, "Europe/Riga", "UTC")
    assert '"when"' in rows[0].raw
    assert [row.seq for row in held(sink, after=(rows[0].seq, rows[0].digest))] == [second.seq, second.seq]
    assert held(sink, limit=1) == rows[:1]
    assert [row.seq for row in held(sink, code="required_field_missing")] == [first.seq]
    assert len(held(sink, code="invalid_number")) == 2
    assert held(sink, code="invalid_num") == held(sink, "wallets") == []


def test_a_row_that_is_good_now_goes_into_the_mirror_in_the_place_of_its_request(sink: Sink, answer: Answers) -> None:
    asked = answer("transactions", [UNMAPPED])
    sink.apply([asked, answer("transactions", [transaction("t9")])])
    rows = held(sink)
    [done] = sink.replay([again(answer, rows, [UNMAPPED], columns={"updated_at": "when"})])

    assert done == Replayed(replayed=1)
    row = stored(sink, "transactions")["t1"]
    assert (row["_seq"], row["updated_at"].second, row["custom"]) == (asked.seq, 20, None)
    assert [row["state"] for row in table(sink, "SELECT state FROM halfopen.quarantine")] == ["replayed"]
    assert held(sink) == []
    feed = sink.status()["products"]["vegas"]["feeds"]["transactions"]
    assert (feed["rows"], feed["quarantined"]) == (2, 0)
    assert len(table(sink, "SELECT 1 AS one FROM halfopen.ledger")) == 1


@pytest.mark.parametrize("newer", ["cursor", "request"])
def test_what_the_mirror_has_newer_stays(sink: Sink, answer: Answers, newer: str) -> None:
    stamp = "2026-03-01 12:00:30" if newer == "cursor" else "2026-03-01 12:00:20"
    bad = transaction("t1", "2026-03-01 12:00:20", amount="x", comment="older")
    late = answer("transactions", [bad])
    good = answer("transactions", [transaction("t1", stamp, comment="newer")], seq=late.seq + (newer == "request"))
    sink.apply([good, late])
    [row] = held(sink)
    assert sink.replay([again(answer, [row], [{**bad, "amount": "1"}])]) == [Replayed(superseded=1)]
    assert stored(sink, "transactions")["t1"]["comment"] == "newer"
    assert states(sink)[0][0] == "superseded"


def test_of_two_held_versions_the_newer_one_is_left(sink: Sink, answer: Answers) -> None:
    texts = [transaction("t", "2026-03-01 12:00:30", sum="3"), transaction("t", "2026-03-01 12:00:20", sum="2")]
    for text in texts:
        del text["amount"]
    sink.apply([answer("transactions", [text]) for text in texts])
    rows = held(sink)
    jobs = [again(answer, [row], [text], columns={"amount": "sum"}) for row, text in zip(rows, texts, strict=True)]
    assert sink.replay(jobs) == [Replayed(replayed=1), Replayed(superseded=1)]
    assert str(stored(sink, "transactions")["t"]["amount"]).startswith("3")


def test_what_is_still_bad_stays_with_its_new_reasons(sink: Sink, answer: Answers) -> None:
    bad = [transaction(f"t{number}", amount="x", currency=None) for number in range(3)]
    sink.apply([answer("transactions", bad)])
    rows = sorted(held(sink), key=lambda row: row.raw)
    counted = table(sink, "SELECT code, count FROM halfopen.findings ORDER BY code")
    good, better, same = {**bad[0], "amount": "1", "currency": "EUR"}, {**bad[1], "amount": "1"}, bad[2]
    [done] = sink.replay([again(answer, rows, [good, better, same])])

    assert done == Replayed(replayed=1, held=2)
    assert set(stored(sink, "transactions")) == {"t0"}
    assert states(sink) == [
        ("replayed", "invalid_number:amount, required_field_missing:currency"),
        ("held", "required_field_missing:currency"),
        ("held", "invalid_number:amount, required_field_missing:currency"),
    ]
    assert table(sink, "SELECT code, count FROM halfopen.findings ORDER BY code") == counted
    assert sink.replay([again(answer, held(sink)[:1], [better])]) == [Replayed(held=1)]


def test_a_row_that_comes_again_as_bad_is_held_again(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [UNMAPPED])])
    rows = held(sink)
    sink.replay([again(answer, rows, [UNMAPPED], columns={"updated_at": "when"})])
    sink.apply([answer("transactions", [UNMAPPED])])
    assert len(held(sink)) == 1


def test_a_broken_line_keeps_the_header_that_it_does_not_fit(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", b"id,player_id\r\na,b,c\r\n")])
    [row] = held(sink)
    assert row.raw.replace(" ", "") == '{"csv":"a,b,c","columns":["id","player_id"]}'
