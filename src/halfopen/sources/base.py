"""What an operator's database promises, whatever its engine.

A source is asked with a `Selection` (which rows, which columns, in the operator's own SQL) and a half-open window; it
answers with blocks of ready bytes. A row is in the window when start <= cursor < end at the full precision of the
stored cursor; what is printed is the cursor floored to the second. So the windows [a,b) and [b,c) together hold
exactly the rows of [a,c), also where stamps carry fractions.

Wire text of a row: datetimes `YYYY-MM-DD HH:MM:SS` in UTC, dates `YYYY-MM-DD`, booleans true and false, numbers in
plain decimal notation with all their digits. CSV: null is an empty field and an empty text is `""`. JSON: an object
with one member a column, null as null. A value that cannot be read as its kind is passed on as its text: the judge of
whoever pulls is to see it, the source does not hide it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from halfopen.contract.model import Kind
from halfopen.errors import SourceError
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

BLOCK_BYTES: Final = 64 * 1024
"""About the size of a block; blocks of 16 to 256 KiB measured alike."""

ROW_END: Final = {Format.CSV: b"\r\n", Format.JSON: b",\n", Format.NDJSON: b"\n"}
"""What every row of a block ends with; the last comma of a JSON array is taken off by whoever frames the array."""


class Busy(SourceError):  # noqa: N818 - a state of the database, told in a word
    """All connections are taken, or the database is locked: asking again in a moment may work."""


class Unavailable(SourceError):  # noqa: N818 - as Busy
    """The database cannot be opened or reached now."""


class UnknownRelation(SourceError):  # noqa: N818 - as Busy
    """There is no table or view of that name."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, as values, so that nobody asks for its name.

    snapshots: an answer is read from one consistent state of the database, also while others write. exact_text: text
    """

    engine: str
    snapshots: bool
    exact_text: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the answer.

    sql: an expression over the relation. places: decimals are rounded half-even to this many places (custom fields of
    the kind fractional); None keeps all digits. array: the value is a list of texts. divisor: an SQL expression or a
    number that the stored units are divided by, exactly.
    """

    name: str
    kind: Kind
    sql: str
    divisor: str | None = None
    places: int | None = None
    array: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Game sessions are to be summed up from single actions; every value is an SQL expression over the relation.

    kind: tells bets from wins and rollbacks; bet, win, rollback: an SQL literal of `kind`, or several with commas.
    round_id: wins of one round count as one winning round.
    """

    session_id: str
    kind: str
    bet: str
    win: str
    amount: str
    created_at: str
    rollback: str | None = None
    round_id: str | None = None
    divisor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which rows, and what is made of them.

    relation: what stands after FROM, a quoted table or a subselect with its alias. cursor: an expression, None for a
    snapshot feed, whose every window holds all rows. where: a further filter. zone: IANA zone of stamps that carry
    none. sessions: rows are actions; `columns` then holds the plain columns only, and in `order` the contract's order
    of all. cursor_column: the column of the answer that shows the cursor.
    """

    feed: str
    relation: str
    columns: tuple[Column, ...]
    cursor: str | None = None
    where: str | None = None
    zone: str = "UTC"
    sessions: Sessions | None = None
    order: tuple[str, ...] = ()
    cursor_column: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the answer, in order."""
        return self.order or tuple(column.name for column in self.columns)

    @property
    def stamp(self) -> str | None:
        """What windows cut on: the cursor, or the time of an action."""
        return self.sessions.created_at if self.sessions else self.cursor

    @property
    def filter(self) -> str:
        """The further filter as a condition, "true" where there is none."""
        return f"({self.where})" if self.where else "true"

    @property
    def expressions(self) -> list[str]:
        """All whose types say how rows are found, summed up and printed, each once."""
        wanted = [column.sql for column in self.columns]
        wanted += [self.cursor] if self.cursor is not None else []
        if self.sessions is not None:
            wanted += [self.sessions.session_id, self.sessions.amount, self.sessions.created_at]
        return list(dict.fromkeys(wanted))

    def where_inside(self, inside: str) -> str:
        """The clause for rows of the filter, in the window where one is told; "" for all rows."""
        conditions = [told for told in (self.where and f"({self.where})", inside) if told]
        return f" where {' and '.join(conditions)}" if conditions else ""


class Stream(Protocol):
    """One answer in the making: blocks of whole rows, each row ended by `ROW_END`."""

    rows: int
    """Rows in the blocks given so far."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks. SourceError when the query fails, also midway."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """How a database would find the rows of a window.

    index: the one that the window is looked up in; None when all rows are read for each window. text: the database's
    own words, in one line. mend: where there is no index, the statement that would make one, or what else would help.
    """

    index: str | None
    text: str
    mend: str = ""


class Source(Protocol):
    """An operator's database, read only; its methods raise SourceError with the database's words, never a secret."""

    capabilities: Capabilities

    def tables(self) -> Sequence[str]:
        """Names of the tables and views, for suggestions."""
        ...

    def relation(self, table: str | None, sql: str | None) -> str:
        """What stands after FROM for a table or a free SELECT; UnknownRelation when there is no such table."""
        ...

    def columns(self, relation: str) -> Sequence[str]:
        """Names of a relation's columns."""
        ...

    def quote(self, name: str) -> str:
        """A column's name as SQL."""
        ...

    def try_expression(self, relation: str, sql: str) -> None:
        """SourceError when the expression cannot be computed over the relation; reads no row."""
        ...

    def stream(
        self, selection: Selection, window: Window | None, format_: Format, limit: int | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """The rows of a window, all of them for None, at most `limit`.

        Memory stays flat: the database is read no faster than the blocks are taken. Leaving the context early cancels
        the query. Raises Busy, Unavailable or SourceError.
        """
        ...

    async def ping(self) -> None:
        """SourceError unless the database answers."""
        ...

    def close(self) -> None:
        """Ends all connections; answers in the making fail."""
        ...


@runtime_checkable
class Explains(Protocol):
    """What a source may do beside the promises of all."""

    async def explain(self, selection: Selection, window: Window) -> QueryPlan:
        """How the rows of this window would be found; reads none. Raises what `stream` raises."""
        ...


@runtime_checkable
class Refuses(Protocol):
    """A source that knows the types of columns before it reads a row, and that some of them cannot be served."""

    def refusals(self, selection: Selection) -> Mapping[str, str]:
        """Columns of the selection whose values have no form on the wire: why, and what to write instead."""
        ...
