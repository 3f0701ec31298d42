"""Judges rows in quarantine again, after a fix: from their kept texts, with the sequence of their own request.

What a dialect declares is done to the texts as to those of an answer, but for stamps that were already written in UTC.
"""

import csv
import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from halfopen.config.dialect import PLAIN, Dialect
from halfopen.config.product import ProductConfig
from halfopen.contract.load import NAMES
from halfopen.contract.load import feed as feed_of
from halfopen.errors import BodyError, ContractError
from halfopen.sinks.base import Answer, Sink
from halfopen.sinks.replay import Held, Rejudged, Replayed
from halfopen.sinks.tokens import as_kept
from halfopen.sync.dialect import Changes
from halfopen.sync.writer import Writer
from halfopen.wire.charset import ToUtf8
from halfopen.wire.negotiate import Format

_ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f])")
_PAGE = 2000
_JOBS = 64
_NOTHING = Replayed()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a product is to be read: names of columns by feed and contract field, where they differ, and its dialect."""

    columns: dict[str, dict[str, str]] = {}
    dialect: Dialect = PLAIN

    @classmethod
    def of(cls, product: ProductConfig) -> "Reading":
        """As the configuration says."""
        return cls(columns={feed: dict(names) for feed, names in product.columns.items()}, dialect=product.dialect)


Counts = dict[str, dict[str, dict[str, int]]]
"""By product and feed: replayed, superseded, held."""


async def replay(
    writer: Writer, readings: Mapping[str, Reading], feeds: Collection[str], code: str | None, folder: Path
) -> Counts:
    """Judge again what is held of these products; empty `feeds` means all. Bodies on their way lie in `folder`."""
    done: Counts = {}
    for product, reading in readings.items():
        for name in NAMES:
            if feeds and name not in feeds:
                continue
            counts = await _feed(writer, product, name, reading, code, folder)
            if counts != _NOTHING:
                done.setdefault(product, {})[name] = msgspec.to_builtins(counts)
    return done


async def _feed(  # noqa: PLR0917 - private, and called once
    writer: Writer, product: str, name: str, reading: Reading, code: str | None, folder: Path
) -> Replayed:
    counts, after = _NOTHING, (-1, "")
    while True:
        start = after

        def page(sink: Sink, start: tuple[int, str] = start) -> list[Held]:
            return sink.held(product, name, code=code, after=start, limit=_PAGE)

        held = await writer.call(page)
        if not held:
            return counts
        after = (held[-1].seq, held[-1].digest)
        jobs, hopeless = _jobs(product, name, reading, held, folder)
        try:
            for first in range(0, len(jobs), _JOBS):
                for one in await _done(writer, jobs[first : first + _JOBS]):
                    counts = counts.plus(one)
        finally:
            for job in jobs:
                job.answer.body.unlink(missing_ok=True)
        counts = counts.plus(Replayed(held=hopeless))


async def _done(writer: Writer, jobs: list[Rejudged]) -> list[Replayed]:
    """In one transaction; where a body cannot be read at all, one by one, and its rows stay."""
    try:
        return await writer.call(lambda sink: sink.replay(jobs))
    except ContractError:
        if len(jobs) == 1:
            return [Replayed(held=len(jobs[0].digests))]
    return [one for job in jobs for one in await _done(writer, [job])]


def _jobs(product: str, name: str, reading: Reading, held: list[Held], folder: Path) -> tuple[list[Rejudged], int]:
    """Rows of one request, with one set of columns, together; and how many rows have no columns at all."""
    jobs, hopeless = [], 0
    rows: list[tuple[Held, dict[str, Any]]] = []
    for one in held:
        row = row_of(one.raw, reading.dialect.encoding)
        if row is None:
            hopeless += 1
        else:
            rows.append((one, row))
    for number, group in enumerate(_alike(rows)):
        jobs.append(_job(product, name, reading, group, folder / f"replay-{number}.body"))
    return jobs, hopeless


def _alike(rows: list[tuple[Held, dict[str, Any]]]) -> Iterator[list[tuple[Held, dict[str, Any]]]]:
    def look(pair: tuple[Held, dict[str, Any]]) -> tuple[int, str, list[str]]:
        held, row = pair
        return held.seq, held.zone or "", sorted(row)

    for _, group in itertools.groupby(sorted(rows, key=look), look):
        yield list(group)


def _job(product: str, name: str, reading: Reading, group: list[tuple[Held, dict[str, Any]]], body: Path) -> Rejudged:
    feed, columns, held = feed_of(name), reading.columns.get(name, {}), group[0][0]
    dialect = reading.dialect
    if held.zone != PLAIN.timezone:
        dialect = msgspec.structs.replace(dialect, timezone=PLAIN.timezone)
    texts: list[dict[str, Any]] = [dict(as_kept(feed, row)) for _, row in group]
    if changes := Changes(dialect, feed, columns, held.window):
        changes.rewrite(texts)
    body.write_bytes(b"".join(_lines(texts)))
    answer = Answer(
        product=product,
        feed=feed,
        window=held.window,
        rung=0,
        seq=held.seq,
        body=body,
        format=Format.NDJSON,
        columns=columns,
        asked_at=held.seen,
        fetched_at=held.seen,
        server_date=None,
        digest="",
        attempts=0,
        zone=reading.dialect.timezone,
    )
    return Rejudged(answer=answer, digests=tuple(one.digest for one, _ in group))


def _lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    return (json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def row_of(raw: str, encoding: str | None = None) -> dict[str, Any] | None:
    """The texts of a held row by the product's columns; None for a line of CSV that its header still does not fit.

    encoding: of a line that was held because it is no UTF-8; None for what is in none that is declared.
    """
    row: dict[str, Any] = json.loads(raw)
    line, names = row.get("csv"), row.get("columns")
    if not isinstance(names, list) or not isinstance(line, str):
        return None if set(row) == {"csv"} else row
    try:
        values = next(csv.reader([_decoded(line, encoding)], strict=True), [])
    except (csv.Error, BodyError, UnicodeDecodeError):
        return None
    return dict(zip(names, values, strict=True)) if len(values) == len(names) else None


def _decoded(line: str, encoding: str | None) -> str:
    """A line without the escapes that quarantine has for bytes that are no UTF-8; one that has none was decoded before.

    Raises:
        BodyError, UnicodeDecodeError: they are no text in this encoding either.
    """
    whole = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), line.encode())
    if whole == line.encode():
        return line
    turned = ToUtf8(encoding)
    return (turned.feed(whole) + turned.finish()).decode()
