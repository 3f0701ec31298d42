"""From a selection and a window to one SELECT of whole lines."""

import threading
import time
from dataclasses import dataclass
from typing import Final

from halfopen.sources.base import Selection
from halfopen.sources.mysql.connections import Connection
from halfopen.sources.mysql.cut import cut
from halfopen.sources.mysql.lines import line, piece
from halfopen.sources.mysql.sessions import summed
from halfopen.sources.mysql.types import Shape, Type, types_of
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

KEPT_SECONDS: Final = 300.0
"""How long the types of columns are trusted; a query that fails makes them forgotten at once."""

_OTHER: Final = Type(Shape.OTHER)


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
        connection: Connection,
        selection: Selection,
        window: Window | None,
        format_: Format,
        limit: int | None = None,
    ) -> str:
        """The SELECT for a window; all rows for None or where there is no cursor."""
        types = self.types(connection, selection)
        if selection.sessions is not None:
            return _session_plan(selection, types, window, format_, limit)
        pieces = [piece(column, types[column.sql], selection.zone) for column in selection.columns]
        conditions = [f"({selection.where})"] if selection.where else []
        if selection.cursor is not None and window is not None:
            conditions.append(cut(selection.cursor, types[selection.cursor], selection.zone, window))
        where = f" where {' and '.join(conditions)}" if conditions else ""
        most = "" if limit is None else f" limit {limit}"
        return f"select {line(selection.names, pieces, format_)} from {selection.relation}{where}{most}"

    def forget(self, selection: Selection) -> None:
        """Asks the types anew next time: a column may have been changed."""
        with self._lock:
            self._known.pop(selection, None)

    def types(self, connection: Connection, selection: Selection) -> Types:
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


def _session_plan(selection: Selection, types: Types, window: Window | None, format_: Format, limit: int | None) -> str:
    sessions = summed(selection, types.by_sql, window, limit)
    pieces = [
        piece(column, type_, selection.zone) for column, type_ in zip(sessions.columns, sessions.types, strict=True)
    ]
    return f"select {line(selection.names, pieces, format_)} from {sessions.relation}"
