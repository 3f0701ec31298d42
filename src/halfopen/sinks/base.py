"""What a mirror promises: answers go in whole or not at all, and the ledger moves with the rows.

All moments are aware UTC datetimes; windows are half-open.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from halfopen.contract.model import Feed
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

if TYPE_CHECKING:
    from halfopen.sinks.compare import Comparison
    from halfopen.sinks.forget import Forgotten
    from halfopen.sinks.replay import Held, Rejudged, Replayed


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One whole, cleanly ended answer to one request, spooled to a file.

    rung: 0 is the first ask of a window (live or backfill), 1 and up a re-read by that rung of the ladder; the
    ledger calls it `pass`. seq: strictly increases over all requests of this mirror, taken when the request is sent.
    body: CSV bytes as received (UTF-8, decompressed), or the NDJSON that `wire.json.text_lines` wrote.
    columns: contract field to the product's column name, where they differ. server_date: the product's Date header.
    digest: sha-256 of the decompressed body as sent, in hex. attempts: requests that it took, this one included.
    settles: parts of the window that further rungs need not re-read any more, because this answer is as late as theirs
    would be; the ledger has a line without counts for each. zone: of stamps that said none, before they were written in
    UTC.
    whole: the answer is the feed's entire catalogue, so that a stored row that it lacks has vanished.
    overrules: whatever differs is written, though its cursor be older than the stored one: what a repair does.
    """

    product: str
    feed: Feed
    window: Window
    rung: int
    seq: int
    body: Path
    format: Format
    columns: Mapping[str, str]
    asked_at: datetime
    fetched_at: datetime
    server_date: datetime | None
    digest: str
    attempts: int
    settles: tuple[tuple[int, Window], ...] = ()
    whole: bool = False
    overrules: bool = False
    zone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What one answer did: rows in its body, stored rows that it changed, and of its rows the late and the held.

    remark: a sentence that somebody should read now: the share of rows that are held is far above what it was (at most
    once an hour for a feed), or the feed looks like a catalogue that nobody has declared (once).
    """

    rows: int
    changed: int
    late: int
    quarantined: int
    findings: int
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class Hole:
    """A window that failed and is still owed; `feed` is a feed's name, `rung` the pass that failed."""

    product: str
    feed: str
    window: Window
    rung: int
    since: datetime
    attempts: int
    last_error: str
    next_try: datetime


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far one feed of one product has come.

    committed: covered by first asks; reread: covered by each rung of the ladder; started: start of the first
    committed window, None before there is one.
    """

    committed: Coverage
    reread: Mapping[int, Coverage]
    holes: tuple[Hole, ...]
    started: datetime | None


class Reader(Protocol):
    """One question to a mirror, beside all else that is done with it; used from one thread, but for `close`."""

    def ask(self, sql: str) -> list[str]:
        """Begin with one reading statement; its columns' names. QueryError for anything that is not only reading.

        Decimals are `decimal.Decimal`; a moment with a zone is given in UTC without one, as all moments of the mirror.
        """

    def fetch(self, most: int) -> list[tuple[Any, ...]]:
        """The next rows of what was asked, at most so many; none are left when it gives none. QueryError."""

    def snapshot(self, file: Path | None, folder: Path | None) -> dict[str, int]:
        """See `Sink.snapshot`."""

    def close(self) -> None:
        """Stop what runs, from any thread: it fails with SinkError; then let go. Closing twice is harmless."""


class Sink(Protocol):
    """A mirror. Used from one thread at a time; only `reader`, `query`, `snapshot`, `interrupt` from any meanwhile."""

    def open(self) -> None:
        """Open the mirror, making what is missing in it: the only moment at which tables are made. SinkError."""

    def close(self) -> None:
        """Let go of the mirror, whoever still reads it; closing twice is harmless."""

    def next_seq(self) -> int:
        """The next request sequence: greater than any that this mirror has handed out or stored."""

    def apply(self, answers: Sequence[Answer]) -> list[Applied]:
        """Store answers, in their order, in one transaction.

        Rows, quarantine, findings, late rows, ledger lines and filled holes move together. Raises SinkError when the
        mirror fails and ContractError when a body cannot be parsed; in both cases nothing is written.
        """

    def compare(self, answer: Answer, *, claimed: datetime, sought: Collection[str] = ()) -> "Comparison":
        """What of an answer the mirror has not, or has otherwise, and what it has beyond it; nothing is written.

        claimed: up to where the mirror says that it is whole; sought: keys of which to tell whether the answer has
        them. SinkError, ContractError.
        """

    def snapshot(self, file: Path | None, folder: Path | None) -> dict[str, int]:
        """Write a copy for readers as of one moment: to a DuckDB file, and Parquet to a folder; rows by feed.

        From any thread, also while answers are applied. Each file appears whole or not at all. SinkError.
        """

    def compact(self, now: datetime) -> int:
        """Merge the ledger's lines of windows that are a week old by day, in one transaction; how many fewer it has.

        Then the views for people get the columns that products have sent since.
        """

    def vanish(self, product: str, feed: str, keys: Collection[str], at: datetime) -> int:
        """Mark stored rows as no longer served since `at`, in one transaction; how many were not marked before."""

    def fail(self, hole: Hole) -> None:
        """Record that a window failed: a ledger line and the hole, in one transaction.

        Later committed answers that together cover the hole fill it.
        """

    def held(self, product: str, feed: str, *, code: str | None, after: tuple[int, str], limit: int) -> "list[Held]":
        """Rows in quarantine by request and digest, those beyond `after`; with a code, those held for it."""

    def replay(self, jobs: "Sequence[Rejudged]") -> "list[Replayed]":
        """Judge held rows again, in one transaction: what is usable now goes into the mirror with its old sequence.

        SinkError, ContractError as of `apply`; nothing is written then.
        """

    def forget(self, product: str, player: str, now: datetime) -> "Forgotten":
        """Erase a player of a product from every table, in one transaction, and let no row of theirs in again."""

    def progress(self, product: str, feed: str) -> Progress:
        """What is committed, re-read and owed."""

    def status(self) -> dict[str, Any]:
        """Per product and feed: watermark, frontier, holes, quarantined, late, rows."""

    def reader(self) -> Reader:
        """Somebody to ask one question of: what is long, or what may have to be stopped. SinkError when not open."""

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of one reading statement; SinkError for anything that is not only reading."""

    def interrupt(self) -> None:
        """Stop the writing statement that runs now, from any thread; it fails with SinkError."""
