"""From a selection and a window to one statement that COPY can run."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from halfopen.sources.base import Selection
from halfopen.sources.postgresql.cut import cut
from halfopen.sources.postgresql.lines import Piece, piece
from halfopen.sources.postgresql.pool import Connection
from halfopen.sources.postgresql.sessions import Actions, actions_of, summed
from halfopen.sources.postgresql.sql import name
from halfopen.sources.postgresql.types import Shape, Type, types_of
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

KEPT_SECONDS: Final = 300.0
"""How long the types of columns are trusted; a query that fails makes them forgotten at once."""

_OTHER: Final = Type("unknown", Shape.OTHER)


@dataclass(frozen=True, slots=True)
class Types:
    """Types by expression."""

    by_sql: dict[str, Type]
    taken_at: float

    def __getitem__(self, sql: str) -> Type:
        return self.by_sql.get(sql, _OTHER)


class Planner:
    """Plans, and remembers the types of columns."""

    def __init__(self) -> None:
        self._known: dict[Selection, Types] = {}

    async def plan(
        self,
        connection: Connection,
        selection: Selection,
        window: Window | None,
        format_: Format,
        limit: int | None = None,
    ) -> str:
        """The SELECT for a window; all rows for None or where there is no cursor."""
        types = await self.types(connection, selection)
        if selection.sessions is not None:
            actions = actions_of(selection, types.by_sql, window, limit)
            return session_select(selection, types.by_sql, actions, format_)
        pieces = [piece(column, types[column.sql], selection.zone) for column in selection.columns]
        conditions = [f"({selection.where})"] if selection.where else []
        if selection.cursor is not None and window is not None:
            conditions.append(cut(selection.cursor, types[selection.cursor], selection.zone, window))
        where = f" where {' and '.join(conditions)}" if conditions else ""
        return select(selection.names, [(pieces, f"{selection.relation}{where}")], format_, limit)

    def forget(self, selection: Selection) -> None:
        """Asks the types anew next time: a column may have been changed."""
        self._known.pop(selection, None)

    async def types(self, connection: Connection, selection: Selection) -> Types:
        """The types of the selection's expressions."""
        known = self._known.get(selection)
        now = time.monotonic()
        if known is None or now - known.taken_at > KEPT_SECONDS:
            wanted = [column.sql for column in selection.columns]
            wanted += [selection.cursor] if selection.cursor is not None else []
            if selection.sessions is not None:
                sessions = selection.sessions
                wanted += [sessions.session_id, sessions.amount, sessions.created_at]
            distinct = list(dict.fromkeys(wanted))
            types = await types_of(connection, selection.relation, distinct)
            known = self._known[selection] = Types(dict(zip(distinct, types, strict=True)), now)
        return known


def session_select(selection: Selection, types: dict[str, Type], actions: Actions, format_: Format) -> str:
    """The SELECT of one row a session."""
    sessions = summed(selection, types, actions)
    pieces = [
        piece(column, type_, selection.zone) for column, type_ in zip(sessions.columns, sessions.types, strict=True)
    ]
    return select(selection.names, [(pieces, sessions.relation)], format_)


def select(
    names: tuple[str, ...], parts: Sequence[tuple[Sequence[Piece], str]], format_: Format, limit: int | None = None
) -> str:
    """The rows of all parts, each its pieces and what stands after FROM, as COPY takes them."""
    most = "" if limit is None else f" limit {limit}"
    if format_ is Format.CSV:
        told = (f"select {', '.join(each.csv for each in pieces)} from {origin}" for pieces, origin in parts)
        return " union all ".join(told) + most
    members = []
    for pieces, origin in parts:
        named = ", ".join(f"{each.json} as {name(told)}" for told, each in zip(names, pieces, strict=True))
        members.append(f"select {named} from {origin}")
    return f"select row_to_json(halfopen_row) from ({' union all '.join(members)}{most}) as halfopen_row"
