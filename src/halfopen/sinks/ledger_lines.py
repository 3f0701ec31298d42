"""Lines of the ledger for many answers in one statement, and what all feeds have in one query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from halfopen.sinks import ledger
from halfopen.sinks.base import Answer, Applied
from halfopen.sinks.database import Database, Values, aware, naive
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window

NO_COUNTS = Applied(rows=0, changed=0, late=0, quarantined=0, findings=0)
_COLUMNS = {
    "product": "VARCHAR",
    "feed": "VARCHAR",
    "window_start": "TIMESTAMP",
    "window_end": "TIMESTAMP",
    "rung": "INTEGER",
    "rows": "BIGINT",
    "changed": "BIGINT",
    "late": "BIGINT",
    "quarantined": "BIGINT",
    "digest": "VARCHAR",
    "attempts": "INTEGER",
    "asked_at": "TIMESTAMP",
    "fetched_at": "TIMESTAMP",
    "seq": "BIGINT",
}
_COUNTS = ("rows", "changed", "late", "quarantined")
_INSERT = (
    "INSERT INTO halfopen.ledger (product, feed, window_start, window_end, pass, state, rows, changed, late,"
    " quarantined, digest, attempts, asked_at, committed_at, first_asked_at, seq)"
    " SELECT product, feed, window_start, window_end, rung, 'committed', rows, changed, late, quarantined, digest,"
    " attempts, asked_at, fetched_at, asked_at, seq FROM (SELECT "
    + ", ".join(f"unnest($p_{name}::{kind}[]) AS {name}" for name, kind in _COLUMNS.items())
    + ") AS lines"
)
Name = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What applying did: the counts for the caller, and how many rows the feed's table gained."""

    applied: Applied
    inserted: int
    held: bool


def lines_of(answer: Answer, applied: Applied) -> Iterable[tuple[Window, Applied, dict[str, Any]]]:
    """The lines of a committed answer: its own, and one without counts for each part that it settles."""
    values = ledger.values_of(answer)
    for rung, window, counts in (
        (answer.rung, answer.window, applied),
        *((rung, part, NO_COUNTS) for rung, part in answer.settles),
    ):
        place = {"rung": rung, "window_start": naive(window.start), "window_end": naive(window.end)}
        yield window, counts, {**values, **place}


def commit(database: Database, answer: Answer, applied: Applied) -> None:
    """Write the lines of a committed answer over any earlier ones of their windows and passes."""
    for _, counts, values in lines_of(answer, applied):
        ledger.commit(database, counts, values)


def write(database: Database, lines: Sequence[tuple[Applied, Values]]) -> None:
    """Write lines of windows that have none of their passes yet: one statement for all."""
    if not lines:
        return
    columns = {name: [getattr(counts, name) for counts, _ in lines] for name in _COUNTS}
    columns |= {name: [values[name] for _, values in lines] for name in _COLUMNS if name not in _COUNTS}
    database.write(_INSERT, columns)


def coverages(database: Database) -> dict[Name, dict[int, Coverage]]:
    """What is committed, by feed and pass, of all feeds."""
    spans: dict[tuple[Name, int], list[Window]] = {}
    for product, feed, rung, start, end in database.rows(ledger.islands()):
        spans.setdefault(((product, feed), rung), []).append(Window(aware(start), aware(end)))
    found: dict[Name, dict[int, Coverage]] = {}
    for (name, rung), windows in spans.items():
        found.setdefault(name, {})[rung] = Coverage.of(windows)
    return found
