"""One piece of an answer, or all of it, judged and typed as files of CSV that PostgreSQL's COPY reads.

The judge and the merging of columns are the same SQL as in the DuckDB mirror; no row passes through Python, but for
those that are no rows of their CSV.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from halfopen.contract.checks import check
from halfopen.contract.judge import VALUE_LIMIT
from halfopen.contract.model import Field, Kind
from halfopen.contract.sql import literal, quote
from halfopen.sinks import several
from halfopen.sinks.base import Answer
from halfopen.sinks.duckdb.run import run, written
from halfopen.sinks.judging import SMALL_ROWS, held_rows, judge, learned, values_of
from halfopen.sinks.postgresql import twice
from halfopen.sinks.postgresql.sheet import Sheet
from halfopen.sinks.postgresql.workplace import Bench
from halfopen.sinks.rows import patch, typed_rows
from halfopen.sinks.stage import Note, Shape, Staged, broken_text
from halfopen.sinks.sticky import sticky
from halfopen.sinks.tokens import MASKED, secret_fields
from halfopen.wire.csv import line

LONGEST_KEY = 2000
"""Bytes of a key that an index of PostgreSQL is sure to take, beside the product's name."""
PIECE_ROWS = 1 << 32
"""More rows than a piece can have: so far apart are the numbers of the rows of two pieces."""
_UNQUOTED = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATETIME, Kind.DATE})
_BLOCK_BYTES = 1 << 20
_NUL_IN_JSON = b"u0000"
_HELD = ("_n", "key", "codes", "raw", "cursor", "row_digest")
_VERDICTS = ("_n", "code", "field", "value")
_NO_VERDICTS = (
    "CREATE OR REPLACE TEMP TABLE verdicts AS SELECT 0::BIGINT AS _n, '' AS code, '' AS field, '' AS value,"
    " false AS unusable WHERE false"
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which piece of which answer this is: numbers from 0; folder: for the files.

    alone: there are no other pieces. nul: U+0000 may be in the answer.
    """

    number: int
    piece: int
    folder: Path
    alone: bool
    nul: bool

    def file(self, name: str, kind: str = "csv") -> Path:
        """A file of this piece."""
        return self.folder / f"{self.number}.{self.piece}.{name}.{kind}"


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a piece came to.

    staged: without the texts of its `broken` rows, of which only the count is kept. patched: something goes to
    `custom`. rows: usable ones, one a key; sides: by table, what is kept beside them of keys with several values; held
    and verdicts: what is unusable, and what is odd about either. keys: of `rows`, for `twice`, where there are other
    pieces, or where it is doubled: keys with sticky fields come more than once in it, and `rows` has all their rows.
    """

    staged: Staged
    broken: int
    unusable: int
    patched: bool
    notes: tuple[Note, ...]
    rows: Sheet | None
    sides: Mapping[str, Sheet]
    held: Sheet | None
    verdicts: Sheet | None
    keys: Path | None
    doubled: bool


def part(bench: Bench, answer: Answer, staged: Staged, place: Place) -> Part:
    """Judge what was staged on a bench, and clear it away."""
    try:
        return _Judging(bench.connection, answer, staged, place).run()
    finally:
        for table in (staged.table, "verdicts"):
            bench.connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


class _Judging:
    """The steps of one piece."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, answer: Answer, staged: Staged, place: Place) -> None:
        self._connection = connection
        self._answer = answer
        self._staged = staged
        self._place = place
        self._first = place.piece * PIECE_ROWS
        self._values = values_of(answer)
        self._notes = list(staged.notes)
        self._keys: Path | None = None
        self._doubled = False
        self._sides: dict[str, Sheet] = {}

    def run(self) -> Part:
        shape = self._staged.shape
        unusable, wrong = 0, 0
        unreadable: tuple[str, ...] = ()
        rows: Sheet | None = None
        if shape is not None and self._staged.rows:
            self._without_nul()
            self._show()
            wrong = self._judge(shape)
            if wrong:
                unusable, unreadable = learned(self._connection, shape)
            rows = self._usable(shape, typed_rows(shape, unreadable, sound=not wrong), unreadable, unusable=unusable)
        held = self._write("held", _HELD, [held_rows(shape)] if shape and unusable else [], self._broken_rows())
        verdicts = self._write(
            "verdicts",
            _VERDICTS,
            ["SELECT _n, code, field, value FROM verdicts"] if wrong else [],
            self._broken_verdicts(),
        )
        return Part(
            staged=replace(self._staged, broken=()),
            broken=len(self._staged.broken),
            unusable=unusable,
            patched=bool(shape and (shape.extras or unreadable)),
            notes=tuple(self._notes),
            rows=rows,
            sides=self._sides,
            held=held,
            verdicts=verdicts,
            keys=self._keys,
            doubled=self._doubled,
        )

    def _without_nul(self) -> None:
        count = without_nul(self._connection, self._staged) if self._place.nul else 0
        if count:
            self._notes.append(Note(code="nul_character", count=count, field=None, value=None))

    def _show(self) -> None:
        """Let `staged` be this table, its rows numbered in the order of the whole body."""
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW staged AS SELECT rowid + {self._first} AS _n, * FROM {self._staged.table}"
        )

    def _judge(self, shape: Shape) -> int:
        """Make `verdicts`, also about keys that no index takes; how many there are."""
        wrong = judge(self._connection, shape, small=not self._place.alone or self._staged.rows <= SMALL_ROWS)
        key = quote(shape.feed.key)
        longest = self._connection.execute(f"SELECT max(strlen({key})) FROM staged").fetchone()
        if longest is None or (longest[0] or 0) <= LONGEST_KEY:
            return wrong
        if not wrong:
            self._connection.execute(_NO_VERDICTS)
        return wrong + written(
            self._connection,
            f"INSERT INTO verdicts SELECT _n, 'key_too_long', {literal(shape.feed.key)}, left({key}, {VALUE_LIMIT}),"
            f" true FROM staged WHERE strlen({key}) > {LONGEST_KEY}",
        )

    def _usable(self, shape: Shape, typed: str, unreadable: tuple[str, ...], *, unusable: int) -> Sheet | None:
        """Write the usable rows; `typed` is a SELECT of all rows.

        One a key, the highest cursor, then the last; all of them where it depends on what is stored what they come to.
        """
        feed = shape.feed
        key = quote(feed.key)
        usable = " ANTI JOIN (SELECT _n FROM verdicts WHERE unusable) u ON u._n = t._n" if unusable else ""
        rows, keys, apart, ahead = self._counts(shape, usable)
        if not rows:
            return None
        newest = ""
        self._doubled = keys < rows and bool(sticky(shape))
        if apart < rows and not self._doubled:  # else they are counted as they fall
            self._notes.append(Note(code="duplicate_id", count=rows - apart, field=feed.key, value=None))
        if keys < rows and not self._doubled:
            by = f"coalesce(_version, {quote(feed.cursor)}) DESC NULLS LAST, " if feed.cursor in shape.present else ""
            newest = f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {by}_n DESC) = 1"
        version = "NULL::TIMESTAMP"
        if feed.cursor in shape.present:
            version = f"CASE WHEN t.{quote(feed.cursor)} > $p_ahead::TIMESTAMP THEN $p_clock::TIMESTAMP END"
        extra = patch(shape, unreadable)
        custom = f", {extra} AS _patch" if extra else ""
        query = f"SELECT t.*, {version} AS _version{custom} FROM ({typed}) t{usable}{newest}"
        if ahead:
            self._count_ahead(query, feed.cursor)
        for field, table in several.concerned(shape):
            told = several.values_of_key(shape, field, f"SELECT t.* FROM ({typed}) t{usable}")
            self._sides[table] = self._copy(table, told, (feed.key, field, "last_seen"), (feed.key, field))
        if self._doubled or not self._place.alone:
            self._keys = self._place.file("rows", "keys")
            of = query if newest else f"SELECT t._n, t.{key} FROM staged t{usable}"
            run(self._connection, twice.keys(of, feed, self._keys), self._values)
        columns = ("_n", *shape.present, "_version", *(("_patch",) if extra else ()))
        texts = [name for name in shape.present if _is_text(feed.fields[name])] + (["_patch"] if extra else [])
        return self._copy("rows", query, columns, texts)

    def _counts(self, shape: Shape, usable: str) -> tuple[int, int, int, bool]:
        """Usable rows, their keys, how many are no doubles, and whether a cursor is ahead by more than is believed."""
        feed = shape.feed
        ahead = "false"
        if feed.cursor in shape.present:
            cursor = check(feed.fields[feed.cursor], quote(feed.cursor)).typed
            ahead = f"coalesce(max({cursor}) > $p_ahead::TIMESTAMP, false)"
        apart = f"count(DISTINCT ({', '.join(several.distinguishing(shape, 't'))}))"
        counts = f"SELECT count(*), count(DISTINCT t.{quote(feed.key)}), {apart}, {ahead} FROM staged t{usable}"
        return run(self._connection, counts, self._values).fetchone() or (0, 0, 0, False)

    def _count_ahead(self, query: str, cursor: str) -> None:
        [(ahead,)] = run(self._connection, f"SELECT count(_version) FROM ({query})", self._values).fetchall()
        if ahead:
            self._notes.append(Note(code="cursor_in_future", count=ahead, field=cursor, value=None))

    def _copy(self, name: str, query: str, columns: tuple[str, ...], texts: Iterable[str]) -> Sheet:
        """A sheet of a query; every text in quotes, so that an empty one is told from null."""
        path = self._place.file(name)
        quoted = ", ".join(map(quote, texts))
        force = f", FORCE_QUOTE ({quoted})" if quoted else ""
        listed = ", ".join(quote(column) for column in columns)
        run(
            self._connection,
            f"COPY (SELECT {self._place.number} AS _answer, {listed} FROM ({query})) TO {literal(str(path))}"
            f" (FORMAT csv, HEADER false, NULLSTR ''{force})",
            self._values,
        )
        return Sheet(path=path, columns=("_answer", *columns))

    def _write(
        self, name: str, columns: tuple[str, ...], queries: list[str], more: list[list[str | None]]
    ) -> Sheet | None:
        """A sheet of a query, if there is one, and of rows that Python has."""
        if not queries and not more:
            return None
        path = self._place.file(name)
        if queries:
            self._copy(name, queries[0], columns, [column for column in columns if column not in ("_n", "cursor")])
        if more:
            with path.open("ab") as file:
                for values in more:
                    # COPY wants the line ends that DuckDB wrote.
                    file.write(line([str(self._place.number), *values]).removesuffix(b"\r\n") + b"\n")
        return Sheet(path=path, columns=("_answer", *columns))

    def _broken_rows(self) -> list[list[str | None]]:
        """Rows that are no rows of their CSV: held by their text, without a key."""
        held: list[list[str | None]] = []
        for number, (code, text) in self._numbered_broken():
            raw = broken_text(self._shown(text), self._staged.names)
            held.append([number, "", code, raw, None, hashlib.sha256(text.encode()).hexdigest()])
        return held

    def _broken_verdicts(self) -> list[list[str | None]]:
        return [
            [number, code, None, self._shown(text)[:VALUE_LIMIT].replace("\0", "\ufffd")]
            for number, (code, text) in self._numbered_broken()
        ]

    def _numbered_broken(self) -> list[tuple[str, tuple[str, str]]]:
        """With negative numbers: they are none of the staged rows."""
        return [(str(-self._first - place), row) for place, row in enumerate(self._staged.broken, 1)]

    def _shown(self, text: str) -> str:
        return MASKED if secret_fields(self._answer.feed) else text


def without_nul(connection: duckdb.DuckDBPyConnection, staged: Staged) -> int:
    """Put U+FFFD for U+0000, which PostgreSQL's texts cannot hold; in how many rows."""
    if staged.shape is None:
        return 0
    columns = [quote(name) for name in (*staged.shape.present, *staged.shape.extra_columns)]
    sets = ", ".join(f"{column} = replace({column}, chr(0), chr(65533))" for column in columns)
    where = " OR ".join(f"contains({column}, chr(0))" for column in columns)
    return written(connection, f"UPDATE {staged.table} SET {sets} WHERE {where}")


def has_nul(body: Path) -> bool:
    """Whether U+0000 may be in a body, as such or as JSON writes it."""
    with body.open("rb") as file:
        before = b""
        while block := file.read(_BLOCK_BYTES):
            if b"\0" in block or _NUL_IN_JSON in block or _NUL_IN_JSON in before + block[:4]:
                return True
            before = block[-4:]
    return False


def _is_text(field: Field) -> bool:
    return field.kind not in _UNQUOTED
