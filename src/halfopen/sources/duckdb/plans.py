"""From a selection and a window to one COPY."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import duckdb

from halfopen.sources.base import Column, Selection
from halfopen.sources.duckdb.cut import cut
from halfopen.sources.duckdb.lines import Piece, line, piece
from halfopen.sources.duckdb.sessions import summed
from halfopen.sources.duckdb.types import Shape, Type, types_of
from halfopen.sources.kept import Kept, Types
from halfopen.sources.sessions import Actions, all_actions
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_OTHER: Final = Type("", Shape.OTHER)
_BARE: Final = "quote '', escape '', delimiter '\x02'"
"""JSON holds no control character, so that COPY adds nothing to a line: no quotes, no escapes."""


class Planner:
    """Plans, and remembers the types of columns; used by several threads."""

    def __init__(self) -> None:
        self._kept = Kept(_OTHER)

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
        inside = _inside(selection, types, window)
        if selection.sessions is not None:
            actions = all_actions(selection, inside, limit)
            return session_copy(selection, types, actions, format_)
        pieces = [piece(column, types[column.sql], selection.zone) for column in selection.columns]
        most = "" if limit is None else f" limit {limit}"
        origin = f"{selection.relation}{selection.where_inside(inside)}{most}"
        return copy(selection.names, [(pieces, origin)], format_)

    def forget(self, selection: Selection) -> None:
        """Asks the types anew next time: a column may have been changed, or the file replaced."""
        self._kept.forget(selection)

    def types(self, connection: duckdb.DuckDBPyConnection, selection: Selection) -> Types[Type]:
        """The types of all that a selection names."""
        return self._kept.types(selection, partial(types_of, connection, selection.relation))


def session_copy(selection: Selection, types: Types[Type], actions: Actions, format_: Format) -> str:
    """The COPY of one row a session."""
    sessions = summed(selection, types.by_sql, actions)

    def printed(column: Column, type_: Type) -> Piece:
        # What actions are served at is UTC already.
        is_utc = actions.last is not None and column.name == "updated_at"
        return piece(column, type_, "UTC" if is_utc else selection.zone)

    return copy(selection.names, [(sessions.pieces(printed), sessions.relation)], format_)


def _inside(selection: Selection, types: Types[Type], window: Window | None) -> str:
    """Whether a row lies in the window; "" where there is none, or no cursor."""
    stamp = selection.stamp
    return "" if stamp is None or window is None else cut(stamp, types[stamp], selection.zone, window)


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
