"""The contract as SQL for DuckDB: every violation in a table of texts, and the same table in its mirror types.

A table of texts has `_n` (BIGINT, the row's number) and one VARCHAR column for each field in `columns`; SQL null is
null. What makes a row unusable: a required field that is missing, blank or unreadable for its kind, or an unreadable
cursor. Everything else is only a finding: the row is kept, a word as it was sent, an unreadable value as null.

One pass with cheap doubts (`contract/checks.py`) picks the rows that need a second look; the dear expressions that
name a violation see those alone, a column at a time.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from halfopen.contract import grammar
from halfopen.contract.checks import VALUE, Check, check, matches
from halfopen.contract.codes import DOC, SEVERITY, severity
from halfopen.contract.cross import Cross, crosses, value_name
from halfopen.contract.model import Feed, Field, Kind
from halfopen.contract.sql import literal, quote

__all__ = ["DOC", "SEVERITY", "UNREADABLE", "severity", "suspects", "typed", "violations"]

UNREADABLE = frozenset({"invalid_datetime", "invalid_date", "invalid_number", "invalid_boolean"})
"""Codes of texts that have no value: null in the mirror, and the row unusable where the field is needed."""
VALUE_LIMIT = 200
"""Characters of a wrong value that a finding quotes."""

_COLUMNS = "_n, code, field, value, unusable"


def violations(feed: Feed, table: str, columns: Collection[str], only: Collection[str] | None = None) -> str:
    """A SELECT of (_n BIGINT, code VARCHAR, field VARCHAR, value VARCHAR, unusable BOOLEAN), one line a violation.

    `table` is read twice, so let it be a table rather than a costly query. A required field whose column is absent
    makes every row unusable. Values are cut to `VALUE_LIMIT` characters; credentials are never quoted. With `only`
    (what `suspects` found), no violation of another present field is looked for.
    """
    judged = columns if only is None else only
    own = [column for column in _present(feed, columns) if column.name in judged and column.can_fail]
    across = [cross for cross in crosses(feed, columns) if cross.field in judged]
    selects = [
        *(column.select for column in own),
        *(_across(cross, _doubted(number)) for number, cross in enumerate(across)),
    ]
    absent = [_absent(name, table) for name in feed.required if name not in columns]
    if not selects and not absent:
        return "SELECT 0::BIGINT AS _n, '' AS code, '' AS field, '' AS value, false AS unusable WHERE false"
    everything = "\nUNION ALL\n".join([*selects, *absent])
    if not selects:
        return everything
    doubts = {column.doubted: column.doubt for column in own}
    doubts |= {_doubted(number): cross.doubt for number, cross in enumerate(across)}
    seen = [
        "_n",
        *(column.quoted for column in _named(feed, columns, selects, quote)),
        *(f"({doubt}) AS {name}" for name, doubt in doubts.items()),
        *(f"{c.check.typed} AS {value_name(c.name)}" for c in _named(feed, columns, selects, value_name)),
    ]
    return (
        f"WITH doubtful AS MATERIALIZED (SELECT * FROM (SELECT {', '.join(seen)} FROM {table})"
        f" WHERE {' OR '.join(doubts)})\nSELECT {_COLUMNS} FROM (\n{everything}\n)"
    )


def suspects(feed: Feed, table: str, columns: Collection[str]) -> str:
    """A SELECT of one row with a BOOLEAN for each present field: whether any row may violate something there.

    For small tables: it costs a fraction of `violations`, whose SQL takes longer to plan than to run over some rows.
    """
    across = list(crosses(feed, columns))
    flags = []
    for column in _present(feed, columns):
        doubts = [column.doubt] if column.can_fail else ["false"]
        doubts += [cross.doubt for cross in across if cross.field == column.name]
        flags.append(f"coalesce(bool_or({' OR '.join(f'({doubt})' for doubt in doubts)}), false) AS {column.quoted}")
    return f"SELECT {', '.join(flags)} FROM {table}"


def typed(feed: Feed, table: str, columns: Collection[str], *, sound: bool = False) -> str:
    """A SELECT of _n and every one of `columns` under its own name, in its mirror type.

    Null where a text is unreadable, or blank in a kind that is not text; a column that is no field stays as it is.
    `sound` promises that no violation was found in this table, which makes it cheaper.
    """

    def value(name: str) -> str:
        found = check(feed.fields[name], quote(name))
        return found.sound if sound else found.typed

    values = (f"{value(name)} AS {quote(name)}" if name in feed.fields else quote(name) for name in columns)
    return f"SELECT {', '.join(['_n', *values])} FROM {table}"


@dataclass(frozen=True)
class _Column:
    """What is judged about one column by itself."""

    feed: Feed
    name: str

    @property
    def field(self) -> Field:
        return self.feed.fields[self.name]

    @property
    def quoted(self) -> str:
        return quote(self.name)

    @property
    def identifies(self) -> bool:
        return self.field.kind is Kind.STRING and (self.name == self.feed.key or self.field.refers_to is not None)

    @cached_property
    def check(self) -> Check:
        return check(self.field, self.quoted)

    @property
    def can_fail(self) -> bool:
        return self.field.required or self.identifies or bool(self.check.codes)

    @property
    def doubted(self) -> str:
        """The quoted identifier under which its doubt stands."""
        return quote(f"{self.name}?")

    @property
    def doubt(self) -> str:
        """True for a row that may be wrong here; null counts as false."""
        column = self.quoted
        doubts = [f"{column} <> '' AND ({self.check.doubt})"] if self.check.codes else []
        if self.field.required:
            # '!' follows the blank in ASCII: an empty text and one that begins with a blank come before it.
            doubts.append(f"{column} IS NULL OR {column} < '!'")
        if self.identifies:
            doubts.append(f"{column} <> '' AND ({column} < '!' OR {column}[-1] < '!')")
        return "(" + " OR ".join(f"({doubt})" for doubt in doubts) + ")"

    @property
    def select(self) -> str:
        value = (
            f"CASE WHEN {self.quoted} IS NOT NULL THEN '***' END"
            if self.field.secret
            else f"left({self.quoted}, {VALUE_LIMIT})"
        )
        needed = self.field.required or self.name == self.feed.cursor
        fatal = ["required_field_missing", "required_field_empty", *sorted(UNREADABLE)] if needed else []
        unusable = f"code IN ({', '.join(map(literal, fatal))})" if fatal else "false"
        return (
            f"SELECT _n, code, {literal(self.name)} AS field, value, {unusable} AS unusable FROM"
            f" (SELECT _n, CASE {' '.join(self._whens())} END AS code, {value} AS value FROM doubtful"
            f" WHERE {self.doubted}) WHERE code IS NOT NULL"
        )

    def _whens(self) -> Iterator[str]:
        column = self.quoted
        if self.field.required:
            yield f"WHEN {column} IS NULL THEN 'required_field_missing'"
            yield f"WHEN {matches(column, grammar.BLANK)} THEN 'required_field_empty'"
        if self.identifies:
            yield f"WHEN {column} < '!' OR {column}[-1] < '!' THEN 'id_whitespace'"
        for code, condition in self.check.codes:
            yield f"WHEN {condition.replace(VALUE, value_name(self.name))} THEN {literal(code)}"
        if not self.identifies and not self.check.codes:
            yield "ELSE NULL"


def _present(feed: Feed, columns: Collection[str]) -> list[_Column]:
    return [_Column(feed, name) for name in feed.fields if name in columns]


def _named(feed: Feed, columns: Collection[str], selects: list[str], identifier: Callable[[str], str]) -> list[_Column]:
    """The columns that the selects call by this kind of identifier: what they do not need is not computed."""
    return [c for c in _present(feed, columns) if any(identifier(c.name) in select for select in selects)]


def _doubted(number: int) -> str:
    return quote(f"{number}?")


def _across(cross: Cross, doubted: str) -> str:
    return (
        f"SELECT _n, {literal(cross.code)} AS code, {literal(cross.field)} AS field,"
        f" left({cross.value}, {VALUE_LIMIT}) AS value, false AS unusable FROM doubtful"
        f" WHERE CASE WHEN {doubted} THEN {cross.condition} END"
    )


def _absent(name: str, table: str) -> str:
    return (
        f"SELECT _n, 'required_field_missing' AS code, {literal(name)} AS field, NULL::VARCHAR AS value,"
        f" true AS unusable FROM {table}"
    )
