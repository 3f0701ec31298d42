"""From a selection and a window to one statement that COPY can run."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from halfopen.sources import kept
from halfopen.sources.base import Selection
from halfopen.sources.postgresql.cut import cut
from halfopen.sources.postgresql.lines import Piece, piece
from halfopen.sources.postgresql.pool import Connection
from halfopen.sources.postgresql.sessions import summed
from halfopen.sources.postgresql.sql import name
from halfopen.sources.postgresql.types import Shape, Type, types_of
from halfopen.sources.sessions import Actions, all_actions
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_OTHER: Final = Type("unknown", Shape.OTHER)


@dataclass(frozen=True, slots=True)
class Types(kept.Types[Type]):
    """Types by expression, and what was made of them."""

    pieces: list[Piece] = field(default_factory=list)
    """How each column of the selection is printed; empty until that is asked for."""


class Planner:
    """Plans, and remembers the types of columns."""

    def __init__(self) -> None:
        # By the identity of the selection, kept beside: a hash over all its columns costs as much as a short query.
        self._known: dict[int, tuple[Selection, Types]] = {}

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
        return self.planned(selection, types, window, format_, limit)

    def planned(
        self, selection: Selection, types: Types, window: Window | None, format_: Format, limit: int | None = None
    ) -> str:
        """The same where the types are known. SourceError when values of one cannot be printed."""
        inside = _inside(selection, types, window)
        if selection.sessions is not None:
            actions = all_actions(selection, inside, limit)
            return session_select(selection, types.by_sql, actions, format_)
        if not types.pieces:
            types.pieces.extend([piece(column, types[column.sql], selection.zone) for column in selection.columns])
        origin = f"{selection.relation}{selection.where_inside(inside)}"
        return select(selection.names, [(types.pieces, origin)], format_, limit)

    def known(self, selection: Selection) -> Types | None:
        """The types, if they are known and that not for long."""
        known = self._known.get(id(selection))
        return None if known is None or known[1].are_old else known[1]

    def forget(self, selection: Selection) -> None:
        """Asks the types anew next time: a column may have been changed."""
        self._known.pop(id(selection), None)

    async def types(self, connection: Connection, selection: Selection) -> Types:
        """The types of the selection's expressions."""
        known = self.known(selection)
        if known is None:
            wanted = selection.expressions
            types = await types_of(connection, selection.relation, wanted)
            known = Types(dict(zip(wanted, types, strict=True)), _OTHER, time.monotonic())
            self._known = {key: both for key, both in self._known.items() if not both[1].are_old}
            self._known[id(selection)] = (selection, known)
        return known


def session_select(selection: Selection, types: dict[str, Type], actions: Actions, format_: Format) -> str:
    """The SELECT of one row a session."""
    sessions = summed(selection, types, actions)
    pieces = sessions.pieces(lambda column, type_: piece(column, type_, selection.zone))
    return select(selection.names, [(pieces, sessions.relation)], format_)


def _inside(selection: Selection, types: Types, window: Window | None) -> str:
    """Whether a row lies in the window; "" where there is none, or no cursor."""
    stamp = selection.stamp
    return "" if stamp is None or window is None else cut(stamp, types[stamp], selection.zone, window)


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
