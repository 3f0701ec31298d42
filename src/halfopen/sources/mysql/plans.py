"""From a selection and a window to one SELECT of whole lines."""

from functools import partial
from typing import Final

from halfopen.sources.base import Selection
from halfopen.sources.kept import Kept, Types
from halfopen.sources.mysql.connections import Connection
from halfopen.sources.mysql.cut import cut
from halfopen.sources.mysql.lines import line, piece
from halfopen.sources.mysql.sessions import summed
from halfopen.sources.mysql.types import Shape, Type, types_of
from halfopen.sources.sessions import Actions, all_actions
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_OTHER: Final = Type(Shape.OTHER)


class Planner:
    """Plans, and remembers the types of columns; used by several threads."""

    def __init__(self) -> None:
        self._kept = Kept(_OTHER)

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
        inside = _inside(selection, types, window)
        if selection.sessions is not None:
            return session_select(selection, types, all_actions(selection, inside, limit), format_)
        pieces = [piece(column, types[column.sql], selection.zone) for column in selection.columns]
        most = "" if limit is None else f" limit {limit}"
        origin = f"{selection.relation}{selection.where_inside(inside)}{most}"
        return f"select {line(selection.names, pieces, format_)} from {origin}"

    def forget(self, selection: Selection) -> None:
        """Asks the types anew next time: a column may have been changed."""
        self._kept.forget(selection)

    def types(self, connection: Connection, selection: Selection) -> Types[Type]:
        """The types of all that a selection names."""
        return self._kept.types(selection, partial(types_of, connection, selection.relation))


def session_select(selection: Selection, types: Types[Type], actions: Actions, format_: Format) -> str:
    """The SELECT of one row a session."""
    sessions = summed(selection, types.by_sql, actions)
    pieces = sessions.pieces(lambda column, type_: piece(column, type_, selection.zone))
    return f"select {line(selection.names, pieces, format_)} from {sessions.relation}"


def _inside(selection: Selection, types: Types[Type], window: Window | None) -> str:
    """Whether a row lies in the window; "" where there is none, or no cursor."""
    stamp = selection.stamp
    return "" if stamp is None or window is None else cut(stamp, types[stamp], selection.zone, window)
