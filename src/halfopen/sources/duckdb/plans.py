"""From a selection and a window to one COPY."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from halfopen.sources.base import Selection
from halfopen.sources.duckdb.cut import cut
from halfopen.sources.duckdb.lines import Piece, line, piece
from halfopen.sources.duckdb.sessions import summed
from halfopen.sources.duckdb.types import Shape, Type, types_of
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

KEPT_SECONDS: Final = 300.0
"""How long the types of columns are trusted; a query that fails makes them forgotten at once."""

_OTHER: Final = Type("", Shape.OTHER)
_BARE: Final = "quote '', escape '', delimiter '\x02'"
"""JSON holds no control character, so that COPY adds nothing to a line: no quotes, no escapes."""


@dataclass(frozen=True, slots=True)
class Types:
    """Types by expression."""

    by_sql: dict[str, Type]
    taken_at: float

    def __getitem__(self, sql: str) -> Type:
        return self.by_sql.get(sql, _OTHER)


class Planner:
    """Plans, and remembers the types of columns; used by several threads."""

    def __init__(self) -> None:
        self._known: dict[Selection, Types] = {}
        self._lock = threading.Lock()

    def plan(
        self,
        connection: duckdb.DuckDBPyConnection,
        selection: Selection,
        window: Window | None,
        format_: Format,
        limit: int | None = None,
    ) -> str:
        """A COPY of a window's lines to the file `{0}`; all rows for None or where there is no cursor."""
        types = self.types(connection, selection)
        if selection.sessions is not None:
            sessions = summed(selection, types.by_sql, window, limit)
            pieces = [
                piece(column, type_, selection.zone)
                for column, type_ in zip(sessions.columns, sessions.types, strict=True)
            ]
            return copy(selection.names, [(pieces, sessions.relation)], format_)
        pieces = [piece(column, types[column.sql], selection.zone) for column in selection.columns]
        conditions = [f"({selection.where})"] if selection.where else []
        if selection.cursor is not None and window is not None:
            conditions.append(cut(selection.cursor, types[selection.cursor], selection.zone, window))
        where = f" where {' and '.join(conditions)}" if conditions else ""
        most = "" if limit is None else f" limit {limit}"
        return copy(selection.names, [(pieces, f"{selection.relation}{where}{most}")], format_)

    def forget(self, selection: Selection) -> None:
        """Asks the types anew next time: a column may have been changed, or the file replaced."""
        with self._lock:
            self._known.pop(selection, None)

    def types(self, connection: duckdb.DuckDBPyConnection, selection: Selection) -> Types:
        """The types of all that a selection names."""
        now = time.monotonic()
        with self._lock:
            known = self._known.get(selection)
        if known is None or now - known.taken_at > KEPT_SECONDS:
            wanted = [column.sql for column in selection.columns]
            wanted += [selection.cursor] if selection.cursor is not None else []
            if selection.sessions is not None:
                sessions = selection.sessions
                wanted += [sessions.session_id, sessions.amount, sessions.created_at]
            distinct = list(dict.fromkeys(wanted))
            types = types_of(connection, selection.relation, distinct)
            known = Types(dict(zip(distinct, types, strict=True)), now)
            with self._lock:
                self._known[selection] = known
        return known


def copy(names: tuple[str, ...], parts: Sequence[tuple[list[Piece], str]], format_: Format) -> str:
    """A COPY to the file `{0}` of the rows of all parts, each the values of a row and what stands after FROM.

    Columns of CSV have names of ours, because COPY names those that it is to quote.
    """
    if format_ is Format.CSV:
        told = [
            (", ".join(f"{each.csv} as c{at}" for at, each in enumerate(pieces)), origin) for pieces, origin in parts
        ]
        quoted = ", ".join(f"c{at}" for at, each in enumerate(parts[0][0]) if each.quoted)
        options = f"force_quote ({quoted})" if quoted else "quote '\"'"
    else:
        told, options = [(line(names, pieces), origin) for pieces, origin in parts], _BARE
    selects = " union all ".join(f"select {values} from {origin}" for values, origin in told)
    escaped = selects.replace("{", "{{").replace("}", "}}")
    return f"copy ({escaped}) to '{{0}}' (format csv, header false, {options})"
