"""What a product serves against what the mirror has, row by row, in the SQL of a DuckDB that has both.

One answer at a time: it is staged and judged as ever, then its rows are looked up by their keys among the stored ones.
The columns compare as they would be stored, so that a sticky value, or a column that the product does not send, is no
difference. Nothing is written but temporary tables.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from halfopen.contract.sql import literal, quote
from halfopen.sinks.base import Answer
from halfopen.sinks.database import aware, naive
from halfopen.sinks.duckdb.identity import identity
from halfopen.sinks.duckdb.merge import Merge, at_hand, differing
from halfopen.sinks.duckdb.run import run
from halfopen.sinks.judging import judge, learned, values_of
from halfopen.sinks.stage import Shape, Staged, show

MOST_EXTRAS = 100_000
"""Extra rows of one answer that are named; beyond it they are only counted."""
SAMPLES = 5
Digest = tuple[int, int, int, int]
NO_DIGEST: Digest = (0, 0, 0, 0)
_PIECE = 1 << 64


@dataclass(frozen=True, kw_only=True)
class Day:
    """The rows of one day of the cursor, in UTC; `day` is None for rows without one.

    rows: usable ones that were served, one a key; missing: not in the mirror; stale: in the mirror with other content.
    digest: the sum over the rows' SHA-256, each of its four pieces of 64 bits by itself, so that neither the order of
    the rows nor where windows were cut matters.
    """

    day: date | None
    rows: int = 0
    missing: int = 0
    stale: int = 0
    digest: Digest = NO_DIGEST

    def plus(self, other: "Day") -> "Day":
        """Both together."""
        one, two, three, four = (
            (mine + theirs) % _PIECE for mine, theirs in zip(self.digest, other.digest, strict=True)
        )
        return Day(
            day=self.day,
            rows=self.rows + other.rows,
            missing=self.missing + other.missing,
            stale=self.stale + other.stale,
            digest=(one, two, three, four),
        )


@dataclass(frozen=True, kw_only=True)
class Extra:
    """A stored row that was not served, though its cursor lies in the window."""

    key: str
    cursor: datetime | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One answer against the mirror.

    unusable: rows that are held back for what they are; extras: as far as `MOST_EXTRAS`, of `extra` in all;
    found: which of the keys that were sought the answer has; samples: what differs, a few lines of kind and key, for
    stale rows with the columns.
    """

    days: tuple[Day, ...]
    unusable: int
    extra: int
    extras: tuple[Extra, ...]
    found: frozenset[str]
    samples: tuple[tuple[str, str], ...]

    @property
    def differs(self) -> bool:
        """Whether the answer has a row that the mirror should have and has not, or has otherwise."""
        return any(day.missing or day.stale for day in self.days)


def compare(
    connection: duckdb.DuckDBPyConnection,
    answer: Answer,
    staged: Staged,
    *,
    claimed: datetime,
    sought: Collection[str] = (),
) -> Comparison:
    """Compare a staged answer with the feed's table, which this connection sees under its own name, with `_id`.

    `claimed`: up to where the mirror says that it is whole; a session that went on after that is not stale.
    """
    values = {**values_of(answer), "claimed": naive(claimed), "sought": list(sought)}
    shape = staged.shape
    if shape is None or not staged.rows:
        count, extras = _extras(connection, answer, values, None)
        return Comparison(
            days=(), unusable=len(staged.broken), extra=count, extras=extras, found=frozenset(), samples=()
        )
    show(connection, staged)
    unusable = 0
    unreadable: tuple[str, ...] = ()
    if judge(connection, shape, small=False):
        unusable, unreadable = learned(connection, shape)
    merge = Merge(shape=shape, unusable=bool(unusable), unreadable=unreadable, at_hand=True)
    connection.execute(at_hand(merge))
    run(connection, _keyed(merge), values)
    connection.execute(differing(merge))
    connection.execute(_stale(merge))
    days = run(connection, _days(answer, merge), values).fetchall()
    samples = run(connection, _samples(merge), values).fetchall()
    # A catalogue with broken rows does not say which rows they are.
    count, extras = (0, ()) if staged.broken else _extras(connection, answer, values, shape)
    found = run(
        connection, f"SELECT s FROM unnest($p_sought) t(s) SEMI JOIN staged ON {quote(shape.feed.key)} = s", values
    )
    comparison = Comparison(
        days=tuple(
            Day(
                day=day,
                rows=rows,
                missing=missing,
                stale=stale,
                digest=(a % _PIECE, b % _PIECE, c % _PIECE, d % _PIECE),
            )
            for day, rows, missing, stale, a, b, c, d in days
        ),
        unusable=unusable + len(staged.broken),
        extra=count,
        extras=extras,
        found=frozenset(key for (key,) in found.fetchall()),
        samples=tuple(samples),
    )
    _discard(connection, staged)
    return comparison


def _keyed(merge: Merge) -> str:
    """Make `keyed`: one line a usable key, and whether it is stored by an earlier request than this one."""
    feed = merge.shape.feed
    key = quote(feed.key)
    cursor = f"t.{quote(feed.cursor)}" if feed.cursor in merge.shape.present else "NULL::TIMESTAMP"
    usable = " ANTI JOIN (SELECT _n FROM verdicts WHERE unusable) u ON u._n = t._n" if merge.unusable else ""
    return (
        f"CREATE OR REPLACE TEMP TABLE keyed AS SELECT a.*, coalesce(s.{key} = a._key, false) AS _stored,"
        " s._id IS NULL OR (s._seq <= $p_seq::BIGINT AND s._fetched_at <= $p_asked_at::TIMESTAMP) AS _accepted"
        " FROM ("
        f"SELECT t._n, {identity('$p_product::VARCHAR', f't.{key}')} AS _id, t.{key} AS _key, {cursor} AS _cursor,"
        f" CASE WHEN {cursor} > $p_ahead::TIMESTAMP THEN $p_clock::TIMESTAMP END AS _version"
        f" FROM values_at_hand t{usable} QUALIFY row_number() OVER"
        f" (PARTITION BY t.{key} ORDER BY coalesce(_version, _cursor) DESC NULLS LAST, t._n DESC) = 1"
        f") a LEFT JOIN {quote(feed.name)} s ON s._id = a._id"
    )


def _stale(merge: Merge) -> str:
    """Make `stale`: the rows with other content, and in which columns."""
    flags = ", ".join(
        f"CASE WHEN {quote(f'_new_{name}')} THEN {literal(name)} END"
        for name in (*merge.shape.present, "custom", "_vanished_at")
    )
    what = f"concat_ws(', ', {flags}) AS what"
    return f"CREATE OR REPLACE TEMP TABLE stale AS SELECT _n, _key, _cursor, {what} FROM differing"


def _days(answer: Answer, merge: Merge) -> str:
    """Count by day; a session whose last action lies beyond the window counts on the window's last day."""
    day = "k._cursor"
    if not answer.whole:
        last = "$p_window_end::TIMESTAMP - INTERVAL 1 MICROSECOND"
        day = f"CASE WHEN {day} IS NOT NULL THEN least(greatest({day}, $p_window_start::TIMESTAMP), {last}) END"
    pieces = ", ".join(f"sum(('0x' || substr(h, {1 + 16 * place}, 16))::UBIGINT)" for place in range(4))
    return (
        "SELECT day, count(*), count(*) FILTER (NOT _stored), count(*) FILTER (is_stale),"
        f" {pieces} FROM ("
        f"SELECT {day}::DATE AS day, k._stored, d._n IS NOT NULL{_settled(merge)} AS is_stale,"
        f" sha256({_told(merge)}) AS h"
        " FROM keyed k JOIN values_at_hand t ON t._n = k._n LEFT JOIN stale d ON d._n = k._n"
        ") GROUP BY day ORDER BY day"
    )


def _settled(merge: Merge) -> str:
    """A session that went on since the mirror last asked is owed rather than stale."""
    return " AND (k._cursor < $p_claimed::TIMESTAMP) IS NOT false" if merge.shape.feed.kind == "aggregate" else ""


def _told(merge: Merge) -> str:
    """All that a row says, as one text: names with values in the order of the names, nulls left out."""
    shape = merge.shape
    pairs = [
        *((name, f"t.{quote(name)}") for name in shape.present),
        *((name, f"t.{column}") for name, column in zip(shape.extras, shape.extra_columns, strict=True)),
    ]
    told = ", ".join(f"{literal(name)} || chr(31) || {value}::VARCHAR" for name, value in sorted(pairs))
    return f"concat_ws(chr(30), {told})"


def _samples(merge: Merge) -> str:
    stale = _settled(merge).replace("k.", "")
    return (
        f"(SELECT 'missing', _key FROM keyed WHERE NOT _stored ORDER BY 2 LIMIT {SAMPLES}) UNION ALL"
        f" (SELECT 'stale', _key || ': ' || what FROM stale WHERE true{stale} ORDER BY 2 LIMIT {SAMPLES})"
    )


def _extras(
    connection: duckdb.DuckDBPyConnection, answer: Answer, values: Mapping[str, Any], shape: Shape | None
) -> tuple[int, tuple[Extra, ...]]:
    """Stored rows of the window that the answer lacks; of a catalogue, all that it lacks."""
    feed = answer.feed
    cursor = quote(feed.cursor)
    if shape is not None and feed.cursor not in shape.present and not answer.whole:
        return 0, ()  # without the column nobody can tell what belongs to this window
    within = "" if answer.whole else (
        f" AND {cursor} >= $p_window_start::TIMESTAMP AND {cursor} < $p_window_end::TIMESTAMP"
    )  # fmt: skip
    key = quote(feed.key)
    lacking = "" if shape is None else (
        f" ANTI JOIN (SELECT {key} AS _k FROM staged WHERE {key} IS NOT NULL) n ON n._k = s.{key}"
    )  # fmt: skip
    where = (
        f"FROM {quote(feed.name)} s{lacking} WHERE product = $p_product::VARCHAR AND _vanished_at IS NULL"
        f" AND _seq <= $p_seq::BIGINT AND _fetched_at <= $p_asked_at::TIMESTAMP{within}"
    )
    [(count,)] = run(connection, f"SELECT count(*) {where}", values).fetchall()
    if not count:
        return 0, ()
    rows = run(connection, f"SELECT {key}, {cursor} {where} ORDER BY 2, 1 LIMIT {MOST_EXTRAS}", values).fetchall()
    return count, tuple(Extra(key=one, cursor=moment if moment is None else aware(moment)) for one, moment in rows)


def _discard(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    for table in ("values_at_hand", "keyed", "differing", "stale", "verdicts", staged.table):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
