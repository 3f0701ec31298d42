"""The version rule in SQL: which staged rows are new, which replace a stored one, and what they become.

Stale never overwrites new: a row replaces the stored one when its (cursor, request sequence) is not below it; in
aggregate and snapshot feeds, and where either side has no cursor, the sequence alone decides. A cursor more than an
hour ahead of the product's clock compares as the moment of fetching. A column that the answer lacks leaves what is
stored, and a sticky boolean outlives a null, also one that an older row of the answer brought (`sinks/sticky.py`).
Equal content is not written.

Stored rows are updated in place: with DuckDB 2.0 deleting and inserting costs 2 times as much for 50 rows and 13
times for a million, and leaves dead rows in the file.
"""

from dataclasses import dataclass
from functools import lru_cache

from halfopen.contract.judge import typed
from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.sinks.duckdb.identity import identity
from halfopen.sinks.rows import BY_SEQUENCE, listed_rows, patch, typed_rows
from halfopen.sinks.stage import Shape
from halfopen.sinks.sticky import RECORDED, left_by_null, recorded, sticky

SUMMARY = (
    "SELECT count(*), count(DISTINCT hash(_key)), count(*) FILTER (NOT _stored),"
    " count(*) FILTER (_stored AND _accepted), count(*) FILTER (_back), count(_version) FROM keyed"
)
"""Rows, keys, new keys, replacing rows, rows whose cursor went back, rows with an unbelievable cursor.

Keys are counted by their hashes, which are shorter: where there are fewer than rows, `KEYS` counts the keys themselves.
"""
KEYS = "SELECT count(DISTINCT _key) FROM keyed"
_MAKE_KEYED = "CREATE OR REPLACE TEMP TABLE keyed AS"
_NEWEST_FIRST = "PARTITION BY _key ORDER BY _compares DESC NULLS LAST, _n DESC"


@dataclass(frozen=True, kw_only=True)
class Merge:
    """What shapes the SQL of one answer.

    unusable: some staged rows are held back; unreadable: optional fields with a value that has no reading, whose text
    is kept in `custom`; distinct: no key comes more than once; at_hand: `values_at_hand` has been made; many: the rows
    are of several answers, `_a` tells of which, and the table `asked` has the values of each; listed: they are not
    staged but come as lists of plain texts (`sinks.rows.listed_rows`); sound: the judge found nothing; overrules: the
    later request is right, whatever the cursors say.
    """

    shape: Shape
    unusable: bool
    unreadable: tuple[str, ...]
    distinct: bool = True
    at_hand: bool = False
    many: bool = False
    listed: bool = False
    sound: bool = False
    overrules: bool = False

    def given(self, name: str, kind: str) -> str:
        """A value of the answer that a row came with."""
        return f"q.{name}" if self.many else f"$p_{name}::{kind}"

    @property
    def carries(self) -> bool:
        """Whether a row may have to take over what an older row of its key brought."""
        return not self.distinct and bool(sticky(self.shape))

    @property
    def usable(self) -> str:
        """Leaves the rows of `t` that are held back."""
        return " ANTI JOIN (SELECT _n FROM verdicts WHERE unusable) u ON u._n = t._n" if self.unusable else ""

    @property
    def asked(self) -> str:
        """Joins the values of its answer to a row of `t`."""
        return asked(self)

    @property
    def place(self) -> str:
        """The number of a row's answer, as one more column of what `t` stands for."""
        return ", t._a" if self.many else ""


@lru_cache(maxsize=256)
def at_hand(merge: Merge) -> str:
    """Make `values_at_hand`: all values in their mirror types, once for all further statements of a small answer."""
    values = _typed(merge)
    if merge.many and not merge.listed:
        values = f"SELECT v.*, n._a FROM ({values}) v JOIN (SELECT _n, _a FROM staged) n ON n._n = v._n"
    return f"CREATE OR REPLACE TEMP TABLE values_at_hand AS {values}"


@lru_cache(maxsize=256)
def keyed(merge: Merge) -> str:
    """Make `keyed`: one line a usable row (a key, unless distinct), beside what is stored under its key.

    Where it `carries`, it also has what a null leaves of each sticky field, as `_kept_...`, and where self-exclusions
    are recorded `_excluded`, the stamps with which the key's versions became so, one after the other.
    """
    return _settled(merge, _beside(merge)) if merge.carries else f"{_MAKE_KEYED} {_beside(merge)}"


def _beside(merge: Merge) -> str:
    """Usable rows beside what is stored; where it `carries` all of a key, each with its sticky fields and those there.

    They are `_has_...` and `_was_...`.
    """
    feed = merge.shape.feed
    present = merge.shape.present
    carried = tuple(sticky(merge.shape)) if merge.carries else ()
    needed = [feed.key, *([feed.cursor] if feed.cursor in present else []), *carried]
    cursor = f"t.{quote(feed.cursor)}" if feed.cursor in present else "NULL::TIMESTAMP"
    values = "SELECT * FROM values_at_hand" if merge.at_hand else typed(feed, "staged", needed, sound=merge.sound)
    newest = "" if merge.distinct or carried else f" QUALIFY row_number() OVER ({_NEWEST_FIRST}) = 1"
    stored_compares = f"coalesce(s._version, s.{quote(feed.cursor)})"
    own = "".join(f", t.{quote(name)} AS {quote(f'_has_{name}')}" for name in carried)
    both = "".join(f", a.{quote(f'_has_{name}')}, s.{quote(name)} AS {quote(f'_was_{name}')}" for name in carried)
    return (
        f"SELECT a._n, a._id, a._key, a._cursor, a._version{merge.place.replace('t.', 'a.')},"
        f" coalesce(s.{quote(feed.key)} = a._key, false) AS _stored,"
        f" s._id IS NULL OR ({_accepts(merge, stored_compares)}) AS _accepted,"
        f" {_went_back(merge, stored_compares)} AS _back{', a._compares' if carried else ''}{both}"
        " FROM (SELECT *, coalesce(_version, _cursor) AS _compares FROM ("
        f"SELECT t._n, {_identity(merge)} AS _id, t.{quote(feed.key)} AS _key,"
        f" {cursor} AS _cursor,"
        f" CASE WHEN {cursor} > {merge.given('ahead', 'TIMESTAMP')} THEN {merge.given('clock', 'TIMESTAMP')} END"
        f" AS _version{', t._a, q.seq AS _asked_seq' if merge.many else ''}"
        f"{own} FROM ({values}) t{merge.usable}{asked(merge)}){newest}) a"
        f" LEFT JOIN {quote(feed.name)} s ON s._id = a._id"
    )


def _settled(merge: Merge, beside: str) -> str:
    """Make `keyed` of all versions `beside` what is stored: the newest of each key, with what the older ones leave."""
    values = sticky(merge.shape)
    columns = ["_n", "_id", "_key", "_cursor", "_version", "_stored", "_accepted", "_back"]
    columns += ["_a"] if merge.many else []
    kept = [
        f"{left_by_null(_newest(name, 'CURRENT ROW'), quote(f'_was_{name}'), value)} AS {quote(f'_kept_{name}')}"
        for name, value in values.items()
    ]
    if recorded(merge.shape):
        has, was = quote(f"_has_{RECORDED[1]}"), quote(f"_was_{RECORDED[1]}")
        began = f"_accepted AND {has} AND coalesce({_newest(RECORDED[1], '1 FOLLOWING')}, {was}) IS NOT TRUE"
        beside = f"SELECT *, {began} AS _began FROM ({beside})"
        kept.append("list(_cursor) FILTER (_began) OVER (PARTITION BY _key) AS _excluded")
    return (
        f"{_MAKE_KEYED} SELECT {', '.join(columns + kept)} FROM ({beside})"
        f" QUALIFY row_number() OVER ({_NEWEST_FIRST}) = 1"
    )


def _newest(name: str, start: str) -> str:
    """The value of the newest version from `start` on that has one and counts."""
    value = f"CASE WHEN _accepted THEN {quote(f'_has_{name}')} END"
    return f"first_value({value} IGNORE NULLS) OVER ({_NEWEST_FIRST} ROWS BETWEEN {start} AND UNBOUNDED FOLLOWING)"


@lru_cache(maxsize=256)
def insert(merge: Merge, *, all_new: bool) -> str:
    """Write the new rows; `all_new` promises that every staged row is usable, new and alone under its key."""
    feed = merge.shape.feed
    custom = patch(merge.shape, merge.unreadable)
    values = {
        "product": merge.given("product", "VARCHAR"),
        **{name: f"t.{quote(name)}" for name in merge.shape.present},
        "custom": "NULL" if custom is None else f"nullif(json_merge_patch('{{}}', {custom}), '{{}}')",
        "_window_start": merge.given("window_start", "TIMESTAMP"),
        "_window_end": merge.given("window_end", "TIMESTAMP"),
        "_fetched_at": merge.given("fetched_at", "TIMESTAMP"),
        "_seq": merge.given("seq", "BIGINT"),
        "_version": "NULL" if all_new else "k._version",
        "_id": _identity(merge) if all_new else "k._id",
    }
    if merge.carries:
        values |= {name: _or_kept(name) for name in sticky(merge.shape)}
    only = asked(merge) + ("" if all_new else " JOIN keyed k ON k._n = t._n WHERE NOT k._stored")
    names = ", ".join(map(quote, values))
    return (
        f"INSERT INTO {quote(feed.name)} ({names}) SELECT {', '.join(values.values())} FROM ({_values(merge)}) t{only}"
    )


@lru_cache(maxsize=256)
def differing(merge: Merge) -> str:
    """Make `differing`: the rows that replace a stored one and are not equal to it, as they are to be stored."""
    feed = merge.shape.feed
    carried = sticky(merge.shape) if merge.carries else {}
    columns = {name: _or_kept(name) if name in carried else _kept(feed, name) for name in merge.shape.present}
    columns |= {"custom": _merged_custom(merge), "_vanished_at": "NULL::TIMESTAMP"}
    merged = ", ".join(f"{expression} AS {quote(name)}" for name, expression in columns.items())
    old = ", ".join(f"s.{quote(name)} AS {quote(f'_old_{name}')}" for name in columns)
    olds = ", ".join(quote(f"_old_{name}") for name in columns)
    changes = {name: f"{quote(name)} IS DISTINCT FROM {quote(f'_old_{name}')}" for name in columns}
    flags = ", ".join(f"{change} AS {quote(f'_new_{name}')}" for name, change in changes.items())
    return (
        f"CREATE OR REPLACE TEMP TABLE differing AS SELECT * EXCLUDE ({olds}), {flags} FROM ("
        f"SELECT k._n, k._id, k._key, k._cursor, k._version{merge.place},"
        f" s._fetched_at AS _was_fetched, {merged}, {old}"
        f" FROM keyed k JOIN {quote(feed.name)} s ON s._id = k._id JOIN ({_values(merge)}) t ON t._n = k._n"
        f" WHERE k._stored AND k._accepted) WHERE {' OR '.join(changes.values())}"
    )


@lru_cache(maxsize=256)
def changes(merge: Merge) -> tuple[tuple[str, ...], str]:
    """Columns that a row of `differing` may change, and a query of one row that tells of each whether any does.

    Last in that row is the count of rows whose cursor stayed the same. Of many answers there is a row each, which
    begins with the answer's number, the count of rows, and that count.
    """
    columns = (*merge.shape.present, "custom", "_vanished_at")
    cursor = merge.shape.feed.cursor
    back = quote("_new__vanished_at")
    same = (
        f"count(*) FILTER (NOT {quote(f'_new_{cursor}')} AND NOT {back} AND _cursor IS NOT NULL)"
        if cursor in columns else "0"
    )  # fmt: skip
    flags = ", ".join(f"bool_or({quote(f'_new_{name}')})" for name in columns)
    if merge.many:
        return columns, f"SELECT _a, count(*), {same}, {flags} FROM differing GROUP BY _a"
    return columns, f"SELECT {flags}, {same} FROM differing"


@lru_cache(maxsize=256)
def update(merge: Merge, columns: tuple[str, ...]) -> str:
    """Write these columns of `differing` over the stored rows.

    Only what changes is written: a text that is packed by a dictionary costs half a millisecond a row to rewrite.
    """
    sets = ", ".join(f"{quote(name)} = d.{quote(name)}" for name in (*columns, "_version"))
    table = quote(merge.shape.name)
    return (
        f"UPDATE {table} SET {sets}, _window_start = {merge.given('window_start', 'TIMESTAMP')},"
        f" _window_end = {merge.given('window_end', 'TIMESTAMP')},"
        f" _fetched_at = {merge.given('fetched_at', 'TIMESTAMP')}, _seq = {merge.given('seq', 'BIGINT')}"
        f" FROM differing d{asked(merge, 'd')} WHERE {table}._id = d._id"
    )


def asked(merge: Merge, row: str = "t") -> str:
    """A join with what is known of the answer that a row came in, as `q`, where there are several."""
    return f" JOIN asked q ON q._a = {row}._a" if merge.many else ""


def _identity(merge: Merge) -> str:
    return identity(merge.given("product", "VARCHAR"), f"t.{quote(merge.shape.feed.key)}")


def _accepts(merge: Merge, stored: str) -> str:
    by_sequence = f"{_sequence(merge)} >= s._seq"
    if merge.overrules or merge.shape.feed.kind in BY_SEQUENCE:
        return by_sequence
    return f"CASE WHEN a._compares > {stored} THEN true WHEN a._compares < {stored} THEN false ELSE {by_sequence} END"


def _went_back(merge: Merge, stored: str) -> str:
    if merge.overrules or merge.shape.feed.kind in BY_SEQUENCE:
        return "false"
    return f"coalesce(a._compares < {stored} AND {_sequence(merge)} > s._seq, false)"


def _sequence(merge: Merge) -> str:
    return "a._asked_seq" if merge.many else "$p_seq::BIGINT"


def _values(merge: Merge) -> str:
    return "SELECT * FROM values_at_hand" if merge.at_hand else _typed(merge)


def _typed(merge: Merge) -> str:
    return listed_rows(merge.shape) if merge.listed else typed_rows(merge.shape, merge.unreadable, sound=merge.sound)


def _merged_custom(merge: Merge) -> str:
    """Stored keys stay unless the answer has their column; null takes a key away, as does a field now readable."""
    nulls = ", ".join(f"{literal(name)}, NULL" for name in merge.shape.present if name not in merge.unreadable)
    cleared = f"json_merge_patch(s.custom, json_object({nulls}))" if nulls else "s.custom"
    patched = patch(merge.shape, merge.unreadable)
    if patched is None:
        return f"CASE WHEN s.custom IS NOT NULL THEN nullif({cleared}, '{{}}') END"
    base = f"CASE WHEN s.custom IS NULL THEN '{{}}' ELSE {cleared} END"
    return f"nullif(json_merge_patch({base}, {patched}), '{{}}')"


def _or_kept(name: str) -> str:
    """A sticky field of a key's newest row, beside the others of its key."""
    return f"coalesce(t.{quote(name)}, k.{quote(f'_kept_{name}')})"


def _kept(feed: Feed, name: str) -> str:
    """A field of a row that replaces another: a sticky value outlives a null."""
    sticky = feed.fields[name].sticky
    column = quote(name)
    if sticky is None:
        return f"t.{column}"
    return f"CASE WHEN t.{column} IS NULL AND s.{column} = {str(sticky).lower()} THEN s.{column} ELSE t.{column} END"
