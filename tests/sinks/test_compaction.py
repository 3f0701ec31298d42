"""The ledger stays small, and a proof says the same before and after; on every engine."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from halfopen.sinks.base import Answer, Hole, Sink
from halfopen.sync.proof import proof
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window
from support.answers import NOON, Answers, table, transaction

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def minute(answer: Answers, start: datetime, length: timedelta = MINUTE, rung: int = 0) -> Answer:
    stamp = f"{start:%Y-%m-%d %H:%M:%S}"
    window = (stamp, f"{start + length:%Y-%m-%d %H:%M:%S}")
    rows = [transaction(f"{stamp}-{rung}", stamp)]
    return answer("transactions", rows, window=window, fetched_at=start + length, rung=rung)


def lines(sink: Sink) -> list[dict[str, Any]]:
    return table(sink, "SELECT * FROM halfopen.ledger ORDER BY feed, pass, window_start")


def proven(sink: Sink) -> dict[str, list[dict[str, Any]]]:
    async def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        return sink.query(sql)

    return asyncio.run(proof(query))


def test_old_lines_merge_by_day_and_the_proof_stays(sink: Sink, answer: Answers) -> None:
    midnight = NOON.replace(hour=0)
    starts = [midnight - 5 * MINUTE + n * MINUTE for n in range(10)]
    answers = [minute(answer, start) for start in starts]
    answers += [minute(answer, midnight + 10 * MINUTE), minute(answer, midnight + 11 * MINUTE)]
    answers += [minute(answer, midnight + 12 * MINUTE, 2 * DAY)]
    answers += [minute(answer, start, rung=1) for start in starts[:3]]
    answers += [minute(answer, midnight + 10 * DAY), minute(answer, midnight + 10 * DAY + MINUTE)]
    sink.apply(answers)
    before, progress = proven(sink), sink.progress("vegas", "transactions")
    rows = sum(line["rows"] for line in lines(sink))
    assert [(span["from"], span["to"]) for span in before["spans"]] == [
        ("2026-02-28 23:55:00", "2026-03-01 00:05:00"),
        ("2026-03-01 00:10:00", "2026-03-03 00:12:00"),
        ("2026-03-11 00:00:00", "2026-03-11 00:02:00"),
    ]
    assert [gap["last_error"] for gap in before["owed"]] == ["a gap between two spans"] * 2
    assert sink.compact(midnight + 6 * DAY) == 0, "nothing is a week old"
    assert sink.compact(midnight + 12 * DAY) == 4 + 4 + 1 + 2
    after = lines(sink)
    assert len(after) == 7
    assert sum(line["rows"] for line in after) == rows
    assert proven(sink) == before
    assert sink.progress("vegas", "transactions") == progress
    assert sink.compact(midnight + 12 * DAY) == 0
    late = minute(answer, midnight + 30 * MINUTE, rung=2)
    assert sink.apply([late])[0].late == 1, "what was committed is still known"
    filler = [minute(answer, midnight + n * MINUTE) for n in range(5, 10)]
    sink.apply(filler)
    filled = proven(sink)
    assert sink.compact(midnight + 12 * DAY) > 0
    assert proven(sink) == filled, "a gap that was filled later merges too"


def test_a_proof_tells_a_hole_once_and_as_a_gap_only_what_nobody_asked(sink: Sink, answer: Answers) -> None:
    sink.apply([minute(answer, NOON), minute(answer, NOON + 5 * MINUTE)])
    for rung, first, last in ((0, 2, 4), (1, 0, 5)):
        window = Window(NOON + first * MINUTE, NOON + last * MINUTE)
        sink.fail(
            Hole(
                product="vegas",
                feed="transactions",
                window=window,
                rung=rung,
                since=NOON,
                attempts=1,
                last_error="down",
                next_try=NOON,
            )
        )
    assert [(one["from"][11:16], one["to"][11:16], one["pass"]) for one in proven(sink)["owed"]] == [
        ("12:00", "12:05", 1),
        ("12:02", "12:04", 0),
        ("12:01", "12:02", 0),
        ("12:04", "12:05", 0),
    ]


def test_reopened_mirrors_know_what_is_covered(engine: Any, sink: Sink, answer: Answers) -> None:
    sink.apply([minute(answer, NOON + n * MINUTE) for n in range(4)])
    sink.compact(NOON + 10 * DAY)
    sink.close()
    again = engine.make()
    again.open()
    assert again.progress("vegas", "transactions").committed == Coverage.of([Window(NOON, NOON + 4 * MINUTE)])
    again.close()
    sink.open()


def test_failures_are_forgotten_once_they_are_filled(sink: Sink, answer: Answers) -> None:
    for start in (NOON, NOON + 5 * MINUTE):
        window = Window(start, start + MINUTE)
        sink.fail(
            Hole(
                product="vegas",
                feed="transactions",
                window=window,
                rung=0,
                since=NOON,
                attempts=1,
                last_error="x",
                next_try=NOON,
            )
        )
    sink.apply([minute(answer, NOON - MINUTE, 3 * MINUTE)])
    assert sink.compact(NOON + 10 * DAY) == 1
    assert [line["state"] for line in lines(sink)] == ["committed", "failed"], "what is still owed stays"
