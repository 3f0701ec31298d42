"""The contract as SQL for DuckDB: every violation in a table of texts, and the same table in its mirror types.

A table of texts has `_n` (BIGINT, the row's number) and one VARCHAR column for each field in `columns`; SQL null is
null. What makes a row unusable: a required field that is missing, blank or unreadable for its kind, or an unreadable
cursor. Everything else is only a finding: the row is kept, a word as it was sent, an unreadable value as null.

One pass with cheap doubts (`contract/checks.py`) picks the rows that need a second look; the dear expressions that
name a violation see those alone, a column at a time.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from halfopen.contract import grammar
from halfopen.contract.checks import check, matches
from halfopen.contract.codes import DOC, SEVERITY, severity
from halfopen.contract.cross import Cross, crosses
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
    present = [_Column(feed, name) for name in feed.fields if name in columns]
    across = [cross for cross in crosses(feed, columns) if cross.field in judged]
    own = [column for column in present if column.name in judged]
    doubts = " OR ".join(f"({doubt})" for doubt in [*(c.doubt for c in own), *(c.doubt for c in across)])
    names = ", ".join(["_n", *(column.quoted for column in present)])
    selects = [
        *(column.select for column in own if column.can_fail),
        *(_across(cross) for cross in across),
        *(_absent(name, table) for name in feed.required if name not in columns),
    ]
    if not selects:
        return "SELECT 0::BIGINT AS _n, '' AS code, '' AS field, '' AS value, false AS unusable WHERE false"
    return (
        f"WITH doubtful AS MATERIALIZED (SELECT {names} FROM {table} WHERE {doubts or 'false'})\n"
        f"SELECT {_COLUMNS} FROM (\n" + "\nUNION ALL\n".join(selects) + "\n)"
    )


def suspects(feed: Feed, table: str, columns: Collection[str]) -> str:
    """A SELECT of one row with a BOOLEAN for each present field: whether any row may violate something there.

    For small tables: it costs a fifth of `violations`, whose SQL takes longer to plan than to run over some rows.
    """
    across = list(crosses(feed, columns))
    flags = []
    for name in feed.fields:
        if name not in columns:
            continue
        doubts = [_Column(feed, name).doubt, *(cross.doubt for cross in across if cross.field == name)]
        flags.append(f"coalesce(bool_or({' OR '.join(f'({doubt})' for doubt in doubts)}), false) AS {quote(name)}")
    return f"SELECT {', '.join(flags)} FROM {table}"


def typed(feed: Feed, table: str, columns: Collection[str]) -> str:
    """A SELECT of _n and every one of `columns` under its own name, in its mirror type.

    Null where a text is unreadable, or blank in a kind that is not text; a column that is no field stays as it is.
    """
    values = (
        f"{check(feed.fields[name], quote(name)).typed} AS {quote(name)}" if name in feed.fields else quote(name)
        for name in columns
    )
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

    @property
    def can_fail(self) -> bool:
        return self.field.required or self.identifies or bool(check(self.field, self.quoted).codes)

    @property
    def doubt(self) -> str:
        """True for a row that may be wrong here; null counts as false."""
        column = self.quoted
        doubts = [f"{column} <> '' AND ({check(self.field, column).doubt})"]
        if self.field.required:
            # '!' follows the blank in ASCII: an empty text and one that begins with a blank come before it.
            doubts.append(f"{column} IS NULL OR {column} < '!'")
        if self.identifies:
            doubts.append(f"{column} <> '' AND ({column} < '!' OR {column}[-1] < '!')")
        return " OR ".join(f"({doubt})" for doubt in doubts)

    @property
    def select(self) -> str:
        value = "'***'" if self.field.secret else f"left({self.quoted}, {VALUE_LIMIT})"
        needed = self.field.required or self.name == self.feed.cursor
        fatal = ["required_field_missing", "required_field_empty", *sorted(UNREADABLE)] if needed else []
        unusable = f"code IN ({', '.join(map(literal, fatal))})" if fatal else "false"
        return (
            f"SELECT _n, code, {literal(self.name)} AS field, value, {unusable} AS unusable FROM"
            f" (SELECT _n, CASE {' '.join(self._whens())} END AS code, {value} AS value FROM doubtful)"
            " WHERE code IS NOT NULL"
        )

    def _whens(self) -> Iterator[str]:
        column, of_kind = self.quoted, check(self.field, self.quoted)
        if self.field.required:
            yield f"WHEN {column} IS NULL THEN 'required_field_missing'"
            yield f"WHEN {matches(column, grammar.BLANK)} THEN 'required_field_empty'"
        else:
            yield f"WHEN {column} IS NULL OR {column} = '' THEN NULL"
        if self.identifies:
            yield f"WHEN {column} < '!' OR {column}[-1] < '!' THEN 'id_whitespace'"
        if of_kind.codes:
            yield f"WHEN NOT ({of_kind.doubt}) THEN NULL"
            for code, condition in of_kind.codes:
                yield f"WHEN {condition} THEN {literal(code)}"
        else:
            yield "ELSE NULL"


def _across(cross: Cross) -> str:
    return (
        f"SELECT _n, {literal(cross.code)} AS code, {literal(cross.field)} AS field, {cross.value} AS value,"
        f" false AS unusable FROM doubtful WHERE {cross.condition}"
    )


def _absent(name: str, table: str) -> str:
    return (
        f"SELECT _n, 'required_field_missing' AS code, {literal(name)} AS field, NULL::VARCHAR AS value,"
        f" true AS unusable FROM {table}"
    )
