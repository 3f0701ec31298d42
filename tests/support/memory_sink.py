"""A mirror in memory: small, exact about windows and holes, and able to fail on demand."""

import csv as stdlib_csv
import json
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from halfopen.errors import ContractError, SinkError
from halfopen.sinks.base import Answer, Applied, Hole, Progress
from halfopen.sync import progress as bookkeeping
from halfopen.sync.planner import Ask, Reason
from halfopen.window.coverage import Coverage
from halfopen.wire.negotiate import Format

EMPTY = Progress(committed=Coverage(), reread={}, holes=(), started=None)


class MemorySink:
    """Keeps rows by (product, feed, key) and what `halfopen.sync.progress` makes of the answers."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], dict[str, str | None]] = {}
        self.known: dict[tuple[str, str], Progress] = {}
        self.answers: list[Answer] = []
        self.batches: list[int] = []
        self.full = False
        self.opened = 0
        self.threads: set[int] = set()
        self._seq = 0

    def open(self) -> None:
        self.opened += 1

    def close(self) -> None:
        self.opened = 0

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def apply(self, answers: Sequence[Answer]) -> list[Applied]:
        self.threads.add(threading.get_ident())
        if self.full:
            raise SinkError("mirror: no space left on device")
        read = [(answer, _rows(answer)) for answer in answers]
        self.batches.append(len(read))
        return [self._one(answer, rows) for answer, rows in read]

    def _one(self, answer: Answer, rows: list[dict[str, str | None]]) -> Applied:
        self.answers.append(answer)
        changed = 0
        for row in rows:
            place = (answer.product, answer.feed.name, str(row[answer.feed.key]))
            changed += self.rows.get(place) != row
            self.rows[place] = row
        ask = Ask(window=answer.window, rung=answer.rung, reason=Reason.LIVE)
        place_ = (answer.product, answer.feed.name)
        self.known[place_] = bookkeeping.after_answer(self.known.get(place_, EMPTY), ask, answer.settles)
        return Applied(rows=len(rows), changed=changed, late=changed if answer.rung else 0, quarantined=0, findings=0)

    def fail(self, hole: Hole) -> None:
        if self.full:
            raise SinkError("mirror: no space left on device")
        place = (hole.product, hole.feed)
        self.known[place] = bookkeeping.after_failure(self.known.get(place, EMPTY), (hole,))

    def progress(self, product: str, feed: str) -> Progress:
        return self.known.get((product, feed), EMPTY)

    def status(self) -> dict[str, Any]:
        products: dict[str, Any] = {}
        for (product, feed), known in self.known.items():
            products.setdefault(product, {"feeds": {}})["feeds"][feed] = {
                "watermark": known.committed.watermark(known.started) if known.started else None,
                "frontier": known.committed.frontier,
                "holes": len(known.holes),
                "quarantined": 0,
                "late": 0,
                "rows": sum(1 for p, f, _ in self.rows if (p, f) == (product, feed)),
            }
        return {"products": products}

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        return ([], []) if "FROM halfopen." in sql else (["sql"], [(sql,)])

    def reader(self) -> "MemoryReader":
        return MemoryReader(self)

    def compact(self, now: datetime) -> int:  # noqa: ARG002 - it has no ledger that could grow
        return 0

    def interrupt(self) -> None:
        pass


class MemoryReader:
    """Gives piece by piece what `query` of its sink gives at once."""

    def __init__(self, sink: MemorySink) -> None:
        self._sink = sink
        self._rows: list[tuple[Any, ...]] = []

    def ask(self, sql: str) -> list[str]:
        names, self._rows = self._sink.query(sql)
        return names

    def fetch(self, most: int) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[:most], self._rows[most:]
        return rows

    def snapshot(self, file: Path | None, folder: Path | None) -> dict[str, int]:
        raise NotImplementedError

    def close(self) -> None:
        pass


def _rows(answer: Answer) -> list[dict[str, str | None]]:
    text = answer.body.read_text("utf-8-sig")
    if answer.format is Format.NDJSON:
        return [json.loads(line) for line in text.splitlines()]
    if "\0" in text:
        raise ContractError("no CSV: holds a NUL byte")
    return [{name: value or None for name, value in row.items()} for row in stdlib_csv.DictReader(text.splitlines())]
