"""Held rows become bodies again: what is read anew, and what has been read before."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from halfopen.config.dialect import Booleans, Dialect
from halfopen.sinks.replay import Held, Rejudged, Replayed
from halfopen.sync.replay import Reading, replay, row_of
from halfopen.sync.writer import Writer
from halfopen.window.window import Window
from support.memory_sink import MemorySink

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RIGA = Dialect(timezone="Europe/Riga", booleans=Booleans(true=("ja",)))


class Quarantine(MemorySink):
    """Gives rows out page by page, and keeps what comes back."""

    def __init__(self, rows: list[Held]) -> None:
        super().__init__()
        self.held_rows = rows
        self.jobs: list[tuple[Rejudged, list[dict[str, Any]]]] = []

    def held(self, _: str, feed: str, *, code: str | None, after: tuple[int, str], limit: int) -> list[Held]:
        assert (code, limit > 1) == (None, True)
        rows = [row for row in self.held_rows if feed == "players" and (row.seq, row.digest) > after]
        return rows[:2]

    def replay(self, jobs: list[Rejudged]) -> list[Replayed]:
        for job in jobs:
            lines = job.answer.body.read_text(encoding="utf-8").splitlines()
            self.jobs.append((job, [json.loads(line) for line in lines]))
        return [Replayed(replayed=len(job.digests)) for job in jobs]


def row(digest: str, seq: int, zone: str | None, **values: str | None) -> Held:
    window = Window(NOON, NOON + timedelta(minutes=1))
    return Held(digest=digest, raw=json.dumps(values), seq=seq, window=window, seen=NOON, zone=zone)


async def replayed(rows: list[Held], folder: Path, reading: Reading) -> tuple[Quarantine, Any]:
    sink = Quarantine(rows)
    writer = Writer(sink)  # type: ignore[arg-type]  # it has what a replay needs
    await writer.open()
    counts = await replay(writer, {"vegas": reading}, (), None, folder)
    await writer.close()
    assert os.listdir(folder) == []  # noqa: PTH208 - at once, in the loop of a test
    return sink, counts


async def test_rows_of_one_request_go_together_each_in_the_place_of_its_own(tmp_path: Path) -> None:
    rows = [
        row("a", 3, "UTC", id="1"),
        row("b", 3, "UTC", id="2"),
        row("c", 5, "UTC", id="3"),
        row("d", 5, "UTC", no="4"),
    ]
    sink, counts = await replayed(rows, tmp_path, Reading(columns={"players": {"id": "no"}}))
    assert counts == {"vegas": {"players": {"replayed": 4, "superseded": 0, "held": 0}}}
    found = [(job.answer.seq, job.digests, texts) for job, texts in sink.jobs]
    assert found == [
        (3, ("a", "b"), [{"id": "1"}, {"id": "2"}]),
        (5, ("c",), [{"id": "3"}]),
        (5, ("d",), [{"no": "4"}]),
    ]
    assert sink.jobs[0][0].answer.columns == {"id": "no"}


async def test_stamps_that_were_written_in_utc_are_not_converted_again(tmp_path: Path) -> None:
    stamp = "2026-03-01 14:00:05"
    rows = [
        row(zone or "none", seq, zone, modified_at=stamp, is_blocked="ja")
        for seq, zone in enumerate(("UTC", "Europe/Riga", None))
    ]
    sink, _ = await replayed(rows, tmp_path, Reading(dialect=RIGA))
    assert [texts[0]["modified_at"] for _, texts in sink.jobs] == ["2026-03-01 12:00:05", stamp, stamp]
    assert {texts[0]["is_blocked"] for _, texts in sink.jobs} == {"true"}


async def test_a_line_that_fits_no_header_is_counted_and_left(tmp_path: Path) -> None:
    torn = row("x", 1, "UTC")
    held = [
        Held(
            **{
                **{name: getattr(torn, name) for name in ("seq", "window", "seen", "zone")},
                "digest": "x",
                "raw": '{"csv": "1,2", "columns": ["id"]}',
            }
        )
    ]
    sink, counts = await replayed(held, tmp_path, Reading())
    assert (counts["vegas"]["players"]["held"], sink.jobs) == (1, [])


def test_a_broken_line_is_a_row_once_it_fits_its_header() -> None:
    assert row_of('{"csv": "1,\\"a,b\\"", "columns": ["id", "city"]}') == {"id": "1", "city": "a,b"}
    assert row_of('{"csv": "1,a,b", "columns": ["id", "city"]}') is None
    assert row_of('{"csv": "1,\\"a", "columns": ["id", "city"]}') is None
    assert row_of('{"csv": "***"}') is None
    assert row_of('{"id": "1", "csv": null}') == {"id": "1", "csv": None}


def test_a_line_that_was_no_utf_8_is_a_row_once_its_encoding_is_declared_and_never_its_escapes() -> None:
    held = json.dumps({"csv": b"1,caf\xe9,\xc5\xbd".decode(errors="backslashreplace"), "columns": ["id", "city", "b"]})
    assert row_of(held) is None
    assert row_of(held, "windows-1252") == {"id": "1", "city": "caf\u00e9", "b": "\u00c5\u00bd"}
    assert row_of(held, "utf-16") is None
    decoded = json.dumps({"csv": "1,caf\u00e9,C:\\\\x1", "columns": ["id", "city", "b"]})
    assert row_of(decoded, "windows-1252") == {"id": "1", "city": "caf\u00e9", "b": "C:\\\\x1"}
