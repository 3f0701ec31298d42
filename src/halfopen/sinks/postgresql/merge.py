"""The version rule in PostgreSQL's SQL: which rows are new, which replace a stored one, and what they become.

The rule is that of the DuckDB mirror (`sinks/duckdb/merge.py`): stale never overwrites new, equal content is not
written, an absent column leaves what is stored, and a sticky boolean outlives a null. The upsert is two statements
under the fence, which lets one writer in: new rows are inserted, and replaced ones updated where `in_matched`, made
before, says that they are accepted and differ.
"""

from dataclasses import dataclass
from functools import lru_cache

from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.sinks.postgresql.incoming import table_of
from halfopen.sinks.rows import BY_SEQUENCE
from halfopen.sinks.stage import Shape

_LINEAGE = (
    "_window_start = $p_window_start::timestamp, _window_end = $p_window_end::timestamp,"
    " _fetched_at = $p_fetched_at::timestamp, _seq = $p_seq::bigint, _version = i._version, _vanished_at = NULL"
)
SUMMARY = (
    "SELECT count(*), count(*) FILTER (WHERE back), count(*) FILTER (WHERE differs),"
    " count(*) FILTER (WHERE differs AND same_cursor) FROM in_matched WHERE _answer = $p_answer::integer"
)
"""Rows whose key is stored, rows whose cursor went back, rows to be replaced, those of them with an equal cursor."""


@dataclass(frozen=True, kw_only=True)
class Merge:
    """What shapes the SQL of one answer.

    patched: something goes to `custom`; overrules: the later request is right; twice: keys came more than once.
    """

    shape: Shape
    patched: bool
    overrules: bool = False
    twice: bool = False

    @property
    def incoming(self) -> str:
        """The temporary table with the answer's rows."""
        return quote(table_of(self.shape.feed))

    @property
    def compares(self) -> str:
        """What an incoming row's cursor compares as."""
        feed = self.shape.feed
        return f"coalesce(i._version, i.{quote(feed.cursor)})" if self._has_cursor else "NULL::timestamp"

    @property
    def cursor(self) -> str:
        """An incoming row's cursor."""
        return f"i.{quote(self.shape.feed.cursor)}" if self._has_cursor else "NULL::timestamp"

    @property
    def _has_cursor(self) -> bool:
        return self.shape.feed.cursor in self.shape.present


@lru_cache(maxsize=256)
def match(merge: Merge) -> str:
    """Fill `in_matched`: the rows whose key is stored."""
    feed = merge.shape.feed
    merged = _merged(merge)
    accepted, back = accepts(merge), _went_back(merge)
    differs = " OR ".join(f"({value}) IS DISTINCT FROM s.{quote(name)}" for name, value in merged.items())
    differs += " OR s._vanished_at IS NOT NULL"
    cursor = quote(feed.cursor)
    same = "false"
    if feed.kind not in BY_SEQUENCE and feed.cursor in merge.shape.present:
        same = f"i.{cursor} IS NOT DISTINCT FROM s.{cursor} AND i.{cursor} IS NOT NULL AND s._vanished_at IS NULL"
    return (
        "INSERT INTO in_matched (_answer, _n, accepted, back, differs, same_cursor, was_fetched)"
        " SELECT _answer, _n, accepted, back, accepted AND differs, same, _fetched_at FROM ("
        f"SELECT i._answer, i._n, {accepted} AS accepted, {back} AS back, ({differs}) AS differs,"
        f" {same} AS same, s._fetched_at FROM {merge.incoming} i"
        f" JOIN {quote(feed.name)} s ON s.product = $p_product::text AND s.{quote(feed.key)} = i.{quote(feed.key)}"
        " WHERE i._answer = $p_answer::integer) both_sides"
    )


@lru_cache(maxsize=256)
def insert(merge: Merge, *, all_new: bool) -> str:
    """Write the new rows; `all_new` promises that no key is stored."""
    columns = {
        "product": "$p_product::text",
        **{name: f"i.{quote(name)}" for name in merge.shape.present},
        "custom": "nullif(jsonb_strip_nulls(i._patch), '{}')" if merge.patched else "NULL::jsonb",
        "_window_start": "$p_window_start::timestamp",
        "_window_end": "$p_window_end::timestamp",
        "_fetched_at": "$p_fetched_at::timestamp",
        "_seq": "$p_seq::bigint",
        "_version": "i._version",
    }
    only = (
        "" if all_new
        else " AND NOT EXISTS (SELECT 1 FROM in_matched m WHERE m._answer = i._answer AND m._n = i._n)"
    )  # fmt: skip
    return (
        f"INSERT INTO {quote(merge.shape.name)} ({', '.join(map(quote, columns))})"
        f" SELECT {', '.join(columns.values())} FROM {merge.incoming} i WHERE i._answer = $p_answer::integer{only}"
    )


@lru_cache(maxsize=256)
def update(merge: Merge) -> str:
    """Write over the stored rows that are to be replaced."""
    feed = merge.shape.feed
    key = quote(feed.key)
    sets = ", ".join(f"{quote(name)} = {value}" for name, value in _merged(merge).items() if name != feed.key)
    return (
        f"UPDATE {quote(feed.name)} s SET {sets}, {_LINEAGE} FROM {merge.incoming} i"
        " JOIN in_matched m ON m._answer = i._answer AND m._n = i._n"
        " WHERE i._answer = $p_answer::integer AND m.differs"
        f" AND s.product = $p_product::text AND s.{key} = i.{key}"
    )


def _merged(merge: Merge) -> dict[str, str]:
    """A row that replaces another, by column, over `i` and the stored `s`."""
    return {**{name: _kept(merge, name) for name in merge.shape.present}, "custom": _custom(merge)}


def _kept(merge: Merge, name: str) -> str:
    """A sticky value outlives a null, unless what the null leaves is known already."""
    sticky = merge.shape.feed.fields[name].sticky
    column = quote(name)
    if sticky is None:
        return f"i.{column}"
    open_ = " AND i._settled IS NOT TRUE" if merge.twice else ""
    leaves = f"i.{column} IS NULL AND s.{column} = {str(sticky).lower()}{open_}"
    return f"CASE WHEN {leaves} THEN s.{column} ELSE i.{column} END"


def _custom(merge: Merge) -> str:
    """Stored keys stay unless the answer has their column; null takes a key away, as does a field now readable.

    `_patch` has the fields that are unreadable in the row's piece of the body; it is null where there were none.
    """
    gone = ", ".join(literal(name) for name in merge.shape.present)
    cleared = f"(s.custom - ARRAY[{gone}]::text[])" if gone else "s.custom"
    if not merge.patched:
        return f"nullif({cleared}, '{{}}')"
    return f"nullif(jsonb_strip_nulls(coalesce({cleared}, '{{}}') || coalesce(i._patch, '{{}}')), '{{}}')"


def accepts(merge: Merge) -> str:
    """Whether an incoming row `i` is not older than the stored `s`."""
    by_sequence = "$p_seq::bigint >= s._seq"
    if merge.overrules or merge.shape.feed.kind in BY_SEQUENCE:
        return by_sequence
    stored = _stored_compares(merge.shape.feed)
    return (
        f"CASE WHEN {merge.compares} > {stored} THEN true WHEN {merge.compares} < {stored} THEN false"
        f" ELSE {by_sequence} END"
    )


def _went_back(merge: Merge) -> str:
    if merge.overrules or merge.shape.feed.kind in BY_SEQUENCE:
        return "false"
    stored = _stored_compares(merge.shape.feed)
    return f"coalesce({merge.compares} < {stored} AND $p_seq::bigint > s._seq, false)"


def _stored_compares(feed: Feed) -> str:
    return f"coalesce(s._version, s.{quote(feed.cursor)})"
