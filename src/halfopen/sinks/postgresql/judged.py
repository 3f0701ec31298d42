"""Answers judged and typed in a DuckDB in memory, as files of CSV that PostgreSQL's COPY reads.

The judge and the merging of columns are the same SQL as in the DuckDB mirror; no row passes through Python, but for
those that are no rows of their CSV.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from halfopen.contract.judge import VALUE_LIMIT
from halfopen.contract.model import Field, Kind
from halfopen.contract.sql import literal, quote
from halfopen.sinks.base import Answer
from halfopen.sinks.care import NO_CARE, Care
from halfopen.sinks.database import Values
from halfopen.sinks.duckdb.run import run, written
from halfopen.sinks.judging import SMALL_ROWS, held_rows, judge, learned, prepare, values_of
from halfopen.sinks.rows import patch, typed_rows
from halfopen.sinks.stage import Note, Shape, Staged, broken_text, show
from halfopen.sinks.tokens import MASKED, secret_fields
from halfopen.wire.csv import line

LONGEST_KEY = 2000
"""Bytes of a key that an index of PostgreSQL is sure to take, beside the product's name."""
_UNQUOTED = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATETIME, Kind.DATE})
_BLOCK_BYTES = 1 << 20
_NO_VERDICTS = (
    "CREATE OR REPLACE TEMP TABLE verdicts AS SELECT 0::BIGINT AS _n, '' AS code, '' AS field, '' AS value,"
    " false AS unusable WHERE false"
)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file for COPY: its columns, in order."""

    path: Path
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One answer, ready for the mirror's transaction.

    number: its place among the answers of the transaction; unreadable: optional fields with a value that has no
    reading; rows: usable ones, one a key; held and verdicts: what is unusable, and what is odd about either.
    """

    number: int
    answer: Answer
    values: Values
    staged: Staged
    unusable: int
    unreadable: tuple[str, ...]
    patched: bool
    notes: tuple[Note, ...]
    rows: Sheet | None
    held: Sheet | None
    verdicts: Sheet | None


def judged(
    connection: duckdb.DuckDBPyConnection, answers: Sequence[Answer], folder: Path, care: Care = NO_CARE
) -> list[Judged]:
    """Judge answers, each by itself; their files lie in `folder`. With `care` for what may not be kept.

    Raises:
        ContractError: a body cannot be parsed.
    """
    done = []
    for number, answer in enumerate(answers):
        [staged] = prepare(connection, [answer], folder, care)
        done.append(_Judging(connection, number, answer, staged, folder).run())
        for table in (staged.table, "verdicts"):
            connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    return done


class _Judging:
    """The steps of one answer."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, number: int, answer: Answer, staged: Staged, folder: Path
    ) -> None:
        self._connection = connection
        self._number = number
        self._answer = answer
        self._staged = staged
        self._folder = folder
        self._values = {**values_of(answer), "answer": number}
        self._notes = list(staged.notes)

    def run(self) -> Judged:
        shape = self._staged.shape
        unusable, wrong = 0, 0
        unreadable: tuple[str, ...] = ()
        rows: Sheet | None = None
        if shape is not None and self._staged.rows:
            count = without_nul(self._connection, self._staged, self._answer.body)
            if count:
                self._notes.append(Note(code="nul_character", count=count, field=None, value=None))
            show(self._connection, self._staged)
            wrong = self._judge(shape)
            if wrong:
                unusable, unreadable = learned(self._connection, shape)
            rows = self._usable(shape, unreadable, unusable=unusable)
        held = self._write("held", [held_rows(shape)] if shape and unusable else [], self._broken_rows())
        verdicts = self._write(
            "verdicts", ["SELECT _n, code, field, value FROM verdicts"] if wrong else [], self._broken_verdicts()
        )
        return Judged(
            number=self._number,
            answer=self._answer,
            values=self._values,
            staged=self._staged,
            unusable=unusable,
            unreadable=unreadable,
            patched=bool(shape and (shape.extras or unreadable)),
            notes=tuple(self._notes),
            rows=rows,
            held=held,
            verdicts=verdicts,
        )

    def _judge(self, shape: Shape) -> int:
        """Make `verdicts`, also about keys that no index takes; how many there are."""
        wrong = judge(self._connection, shape, small=self._staged.rows <= SMALL_ROWS)
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

    def _usable(self, shape: Shape, unreadable: tuple[str, ...], *, unusable: int) -> Sheet | None:
        """Write the usable rows, one a key: the highest cursor, then the last."""
        feed = shape.feed
        key = quote(feed.key)
        usable = " ANTI JOIN (SELECT _n FROM verdicts WHERE unusable) u ON u._n = t._n" if unusable else ""
        counts = self._connection.execute(f"SELECT count(*), count(DISTINCT t.{key}) FROM staged t{usable}").fetchone()
        rows, keys = counts or (0, 0)
        if not rows:
            return None
        newest = ""
        if keys < rows:
            self._notes.append(Note(code="duplicate_id", count=rows - keys, field=feed.key, value=None))
            by = f"coalesce(_version, {quote(feed.cursor)}) DESC NULLS LAST, " if feed.cursor in shape.present else ""
            newest = f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {by}_n DESC) = 1"
        version = "NULL::TIMESTAMP"
        if feed.cursor in shape.present:
            version = f"CASE WHEN t.{quote(feed.cursor)} > $p_ahead::TIMESTAMP THEN $p_clock::TIMESTAMP END"
        extra = patch(shape, unreadable)
        custom = f", {extra} AS _patch" if extra else ""
        query = f"SELECT t.*, {version} AS _version{custom} FROM ({typed_rows(shape, unreadable)}) t{usable}{newest}"
        if feed.cursor in shape.present:
            self._count_ahead(query, feed.cursor)
        columns = ("_n", *shape.present, "_version", *(("_patch",) if extra else ()))
        texts = [name for name in shape.present if _is_text(feed.fields[name])] + (["_patch"] if extra else [])
        return self._copy("rows", query, columns, texts)

    def _count_ahead(self, query: str, cursor: str) -> None:
        [(ahead,)] = run(self._connection, f"SELECT count(_version) FROM ({query})", self._values).fetchall()
        if ahead:
            self._notes.append(Note(code="cursor_in_future", count=ahead, field=cursor, value=None))

    def _copy(self, name: str, query: str, columns: tuple[str, ...], texts: Iterable[str]) -> Sheet:
        """A sheet of a query; every text in quotes, so that an empty one is told from null."""
        path = self._folder / f"{self._number}.{name}.csv"
        quoted = ", ".join(map(quote, texts))
        force = f", FORCE_QUOTE ({quoted})" if quoted else ""
        listed = ", ".join(quote(column) for column in columns)
        run(
            self._connection,
            f"COPY (SELECT {self._number} AS _answer, {listed} FROM ({query})) TO {literal(str(path))}"
            f" (FORMAT csv, HEADER false, NULLSTR ''{force})",
            self._values,
        )
        return Sheet(path=path, columns=("_answer", *columns))

    def _write(self, name: str, queries: list[str], more: list[list[str | None]]) -> Sheet | None:
        """A sheet of a query, if there is one, and of rows that Python has."""
        if not queries and not more:
            return None
        columns = _SHEETS[name]
        path = self._folder / f"{self._number}.{name}.csv"
        if queries:
            self._copy(name, queries[0], columns, [column for column in columns if column not in ("_n", "cursor")])
        if more:
            with path.open("ab") as file:
                for values in more:
                    # COPY wants the line ends that DuckDB wrote.
                    file.write(line([str(self._number), *values]).removesuffix(b"\r\n") + b"\n")
        return Sheet(path=path, columns=("_answer", *columns))

    def _broken_rows(self) -> list[list[str | None]]:
        """Rows that are no rows of their CSV: held by their text, without a key."""
        held: list[list[str | None]] = []
        for place, (code, text) in enumerate(self._staged.broken, 1):
            raw = broken_text(self._shown(text), self._staged.names)
            held.append([str(-place), "", code, raw, None, hashlib.sha256(text.encode()).hexdigest()])
        return held

    def _broken_verdicts(self) -> list[list[str | None]]:
        return [
            [str(-place), code, None, self._shown(text)[:VALUE_LIMIT].replace("\0", "\ufffd")]
            for place, (code, text) in enumerate(self._staged.broken, 1)
        ]

    def _shown(self, text: str) -> str:
        return MASKED if secret_fields(self._answer.feed) else text


_SHEETS = {
    "held": ("_n", "key", "codes", "raw", "cursor", "row_digest"),
    "verdicts": ("_n", "code", "field", "value"),
}


def without_nul(connection: duckdb.DuckDBPyConnection, staged: Staged, body: Path) -> int:
    """Put U+FFFD for U+0000, which PostgreSQL's texts cannot hold; in how many rows."""
    if staged.shape is None or not _has_nul(body):
        return 0
    columns = [quote(name) for name in (*staged.shape.present, *staged.shape.extra_columns)]
    sets = ", ".join(f"{column} = replace({column}, chr(0), chr(65533))" for column in columns)
    where = " OR ".join(f"contains({column}, chr(0))" for column in columns)
    return written(connection, f"UPDATE {staged.table} SET {sets} WHERE {where}")


def _is_text(field: Field) -> bool:
    return field.kind not in _UNQUOTED


def _has_nul(body: Path) -> bool:
    """Whether U+0000 may be in a body, as such or as JSON writes it."""
    with body.open("rb") as file:
        before = b""
        while block := file.read(_BLOCK_BYTES):
            if b"\0" in block or b"u0000" in before + block:
                return True
            before = block[-4:]
    return False
