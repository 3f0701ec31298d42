"""A body becomes a temporary table: texts only, contract fields under their names, further columns as `_x0`.

This happens before the transaction: in DuckDB a failed statement ends it, and a body may well fail. Inside of it the
view `staged` shows one of these tables with `_n`, the row's number. CSV goes straight into DuckDB; only a body that
DuckDB refuses, whose quotes are odd in number, or where a line ends inside of a name is read again in Python, to part
its broken rows from the sound ones: DuckDB 2.0.0 takes some bodies that end inside of a quote for whole ones.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import duckdb

from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.errors import BodyError, ContractError
from halfopen.sinks import lines
from halfopen.sinks.base import Answer
from halfopen.sinks.duckdb.run import first_line, written
from halfopen.wire.csv import LONGEST_ROW, line, read
from halfopen.wire.moment import plain
from halfopen.wire.negotiate import Format

CURSOR_SYNONYMS = ("modified_at", "updated_at", "last_modified", "last_modified_at")
"""Names under which products send a cursor that they should have called otherwise, the likeliest first."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The columns of an answer.

    fields: pairs of contract field and the product's column; extras: the product's other columns in the order of
    their names, staged as `_x0`, `_x1` and so on. Equal shapes have equal SQL.
    """

    name: str
    fields: tuple[tuple[str, str], ...]
    extras: tuple[str, ...]
    feed: Feed = field(compare=False, repr=False)

    @property
    def present(self) -> tuple[str, ...]:
        """Contract fields that the answer has a column for."""
        return tuple(name for name, _ in self.fields)

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The stage's names of `extras`."""
        return tuple(f"_x{place}" for place in range(len(self.extras)))


@dataclass(frozen=True, kw_only=True)
class Note:
    """A finding about an answer rather than one value: code, how often, and a sample as field and value."""

    code: str
    count: int
    field: str | None
    value: str | None


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What lies in `table`; there need be none where there are no rows.

    shape is None when the body has neither rows nor a header.
    """

    table: str
    shape: Shape | None
    rows: int
    broken: tuple[tuple[str, str], ...]
    """Rows that are no rows of this body: code and raw text."""
    names: tuple[str, ...] = ()
    """The header of a CSV with broken rows."""
    fallen: int = 0
    """Rows of the body that were let fall, because they are of forgotten persons."""
    notes: tuple[Note, ...]


def stage(connection: duckdb.DuckDBPyConnection, answer: Answer, body: Path, spare: Path, table: str) -> Staged:
    """Make the temporary `table` from `body`; `spare` is a path for a mended copy.

    Raises:
        ContractError: the body cannot be parsed, or is not this feed's.
    """
    if answer.format is Format.CSV:
        return _stage_csv(connection, answer, body, spare, table)
    return _stage_ndjson(connection, answer, body, spare, table)


def show(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Let `staged` be this table; its `rowid` counts from 0 in the order of the body."""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW staged AS SELECT rowid AS _n, * FROM {staged.table}")


def broken_text(text: str, names: Sequence[str]) -> str:
    """What quarantine keeps of a row that is none, as JSON: its text, and the header that it does not fit."""
    return json.dumps({"csv": text, "columns": list(names)}, ensure_ascii=False)


def shape_of(feed: Feed, renames: Mapping[str, str], names: Sequence[str]) -> tuple[Shape, list[int], list[Note]]:
    """Match a header with a feed: the shape, the place in `names` of each of its columns, findings.

    `renames` maps contract fields to the product's names. A name fits exactly, else without regard to case and
    surrounding blanks. A second column of the same name is kept as an extra one, and so are one without a name, by its
    place, and one with U+0000 in it, which PostgreSQL's texts cannot hold, with U+FFFD there.
    """
    wanted = {renames.get(name, name): name for name in feed.fields}
    loose = {name.strip().casefold(): of for name, of in wanted.items()}
    found: dict[str, int] = {}
    extras: dict[str, int] = {}
    notes = []
    for place in sorted(range(len(names)), key=lambda place: (not names[place], names[place] not in wanted)):
        name = names[place].replace("\0", "\ufffd")
        of = wanted.get(name) or loose.get(name.strip().casefold())
        if name != names[place]:
            notes.append(Note(code="nul_character", count=1, field=name, value=None))
        if of is not None and of not in found:
            found[of] = place
            continue
        label = name or f"column {place + 1}"
        if name and (of is not None or label in extras):
            notes.append(Note(code="duplicate_column", count=1, field=name, value=None))
        while label in extras:
            label += " again"
        extras[label] = place
    if feed.cursor not in found and (synonym := next((n for n in CURSOR_SYNONYMS if n in extras), None)):
        found[feed.cursor] = extras.pop(synonym)
        notes.append(Note(code="cursor_synonym", count=1, field=feed.cursor, value=synonym))
    fields = tuple((name, names[found[name]]) for name in feed.fields if name in found)
    ordered = tuple(sorted(extras))
    shape = Shape(name=feed.name, fields=fields, extras=ordered, feed=feed)
    return shape, [found[name] for name, _ in fields] + [extras[name] for name in ordered], notes


def _stage_csv(connection: duckdb.DuckDBPyConnection, answer: Answer, body: Path, spare: Path, table: str) -> Staged:
    names = _header(answer, body)
    if names is None:
        notes = [Note(code="no_header", count=1, field=None, value=None)]
        return Staged(table=table, shape=None, rows=0, broken=(), notes=tuple(notes))
    shape, places, notes = shape_of(answer.feed, answer.columns, names)
    _demand_key(answer, shape, names)
    if _ends_with_header(body):
        return Staged(table=table, shape=shape, rows=0, broken=(), notes=tuple(notes))
    columns = [f"c{place}" for place in range(len(names))]
    selected = ", ".join(
        f"{columns[place]} AS {quote(name)}"
        for place, name in zip(places, (*shape.present, *shape.extra_columns), strict=True)
    )
    create = f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {selected} FROM "
    broken: list[tuple[str, str]] = []
    quotes = _quotes(body)
    rows = None
    if quotes % 2 == 0 and not _breaks(names):
        rows = _load(connection, create + read_csv(literal(str(body)), columns, parallel=not quotes))
    if rows is None:
        broken = list(_mend(answer, body, spare, len(names)))
        rows = _load(connection, create + read_csv(literal(str(spare)), columns))
    if rows is None:
        raise ContractError(f"{_where(answer)}: not a whole CSV, though each of its rows may pass; look at the body")
    return Staged(
        table=table,
        shape=shape,
        rows=rows,
        broken=tuple(broken),
        notes=tuple(notes),
        names=tuple(names if broken else ()),
    )


def _breaks(names: Iterable[str]) -> bool:
    """Whether a line ends inside of a name.

    DuckDB takes the first line end that it meets for that of all rows, and may find no rows then without a word (seen
    with DuckDB 2.0.1); to be told which one it is does not help where there is a header.
    """
    return any("\n" in name or "\r" in name for name in names)


def _load(connection: duckdb.DuckDBPyConnection, sql: str) -> int | None:
    """Rows that were read, None where DuckDB finds the body wrong."""
    try:
        return written(connection, sql)
    except duckdb.InvalidInputException:
        return None


def read_csv(bodies: str, columns: Sequence[str], *, parallel: bool = False, more: str = "") -> str:
    """A table function of a body, or of a list of them, written in SQL; `more` are further options.

    Threads that start in the middle of a file take line ends inside of quotes for rows (seen with DuckDB 2.0.0), so
    only a body without a quote is read by several.
    """
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    return (
        f"read_csv({bodies}, columns = {{{types}}}, auto_detect = false, header = true, delim = ',',"
        " quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, null_padding = false,"
        f" strict_mode = true, max_line_size = {LONGEST_ROW}, buffer_size = {2 * LONGEST_ROW},"
        f" parallel = {parallel}{more})"
    )


def _stage_ndjson(connection: duckdb.DuckDBPyConnection, answer: Answer, body: Path, spare: Path, table: str) -> Staged:
    try:
        names = lines.names_in(connection, body)
        if not names:
            _demand_none(answer, lines.count(connection, body))
            return Staged(table=table, shape=None, rows=0, broken=(), notes=())
        shape, places, notes = shape_of(answer.feed, answer.columns, names)
        _demand_key(answer, shape, names)
        columns = zip((*shape.present, *shape.extra_columns), places, strict=True)
        rows = lines.load(connection, table, (body, spare), names, columns)
    except (BodyError, duckdb.InvalidInputException) as error:
        raise ContractError(f"{_where(answer)}: not whole NDJSON: {first_line(error)}") from error
    return Staged(table=table, shape=shape, rows=rows, broken=(), notes=tuple(notes))


def header_of(blocks: Iterable[bytes]) -> list[str] | None:
    """Names in the first row of a CSV; None for a body of no bytes. BodyError where that row is broken."""
    row = next(read(blocks), None)
    return None if row is None else [name or "" for name in row]


def _header(answer: Answer, body: Path) -> list[str] | None:
    try:
        return header_of(lines.blocks(body))
    except BodyError as error:
        raise ContractError(f"{_where(answer)}: {error}") from error


def _demand_key(answer: Answer, shape: Shape, names: Sequence[str]) -> None:
    if answer.feed.key not in shape.present:
        wanted = answer.columns.get(answer.feed.key, answer.feed.key)
        shown = ", ".join(names)[:200]
        raise ContractError(
            f"{_where(answer)}: no column {wanted!r} in {shown!r}; if the product calls it otherwise, say so in"
            f" [products.{answer.product}.columns.{answer.feed.name}]"
        )


def _demand_none(answer: Answer, rows: int) -> None:
    """Rows of which none has a field are no answer: they would leave nothing behind that could be read later."""
    if rows:
        wanted = answer.columns.get(answer.feed.key, answer.feed.key)
        raise ContractError(
            f"{_where(answer)}: no column {wanted!r} nor any other in {rows:,} rows, each is '{{}}'; the product must"
            " send their fields"
        )


def _mend(answer: Answer, body: Path, spare: Path, width: int) -> Iterator[tuple[str, str]]:
    """Copy the sound rows to `spare` with one kind of line end and bare names; yield code and text of the others."""
    with spare.open("wb") as sound:
        sound.write(line(f"c{place}" for place in range(width)))
        for record in islice(_records(answer, body), 1, None):
            code = _fault(record, width)
            if code is None:
                sound.write(record + b"\r\n")
            else:
                yield code, record.decode(errors="backslashreplace")


def _fault(record: bytes, width: int) -> str | None:
    if not record:
        return None
    try:
        values = next(csv.reader([record.decode()], strict=True))
    except (csv.Error, UnicodeDecodeError):
        return "csv_broken_row"
    return None if len(values) == width else "csv_ragged_row"


def _records(answer: Answer, body: Path) -> Iterator[bytes]:
    """Rows without their line ends: a line end counts where the quotes before it are even in number."""
    held = b""
    with body.open("rb") as parts:
        for number, part in enumerate(parts):
            held += part.removeprefix(_BOM) if number == 0 else part
            if held.count(b'"') % 2 == 0:
                yield held.removesuffix(b"\n").removesuffix(b"\r")
                held = b""
            elif len(held) > LONGEST_ROW:
                break
    if held:
        raise ContractError(f"{_where(answer)}: not a whole CSV: a quote is not closed in {held[:80]!r}")


def _ends_with_header(body: Path) -> bool:
    """Whether there is but one line: so end most answers, and DuckDB need not look at them."""
    return body.stat().st_size < lines.BLOCK_BYTES and b"\n" not in body.read_bytes().strip()


def _quotes(body: Path) -> int:
    return sum(block.count(b'"') for block in lines.blocks(body))


def _where(answer: Answer) -> str:
    return f"{answer.product}.{answer.feed.name} {plain(answer.window.start)}"
