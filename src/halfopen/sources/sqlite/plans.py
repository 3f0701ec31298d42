"""From a selection and a window to one SELECT of whole lines."""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection
from halfopen.sources.exact import Scalar
from halfopen.sources.sessions import Actions, all_actions
from halfopen.sources.sqlite import forms
from halfopen.sources.sqlite.cut import Cut, cut
from halfopen.sources.sqlite.forms import Form
from halfopen.sources.sqlite.lines import line, piece
from halfopen.sources.sqlite.sessions import summed
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

SAMPLE_ROWS: Final = 200
"""From each end of a table."""

KEPT_SECONDS: Final = 300.0
"""How long forms that were learnt from a full sample are trusted."""

REST: Final = 20
"""A short sample is taken again after this many times the time that it took: five per cent of the time at most."""


LINE: Final = "halfopen_line"
"""The only column of a plan."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One SELECT that gives whole lines as its column `LINE`; `brief` when few are expected."""

    sql: str
    parameters: tuple[str | int | float, ...]
    format: Format
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Forms:
    """What a sample taught about a selection; `full` when there were as many rows as were asked for.

    taken_at and seconds: when the sample was taken, on the monotonic clock, and what it cost.
    """

    columns: dict[str, Form]
    cursor: Form
    full: bool
    taken_at: float
    seconds: float
    made: dict[tuple[Format, str, int | None], str] = field(default_factory=dict)
    """The SELECTs that were made of it, by format, condition on the cursor and limit."""

    def is_old(self, now: float) -> bool:
        """A full sample is trusted for a while, a short one only as long as looking again would be a burden."""
        return now - self.taken_at > (KEPT_SECONDS if self.full else REST * self.seconds)


class Planner:
    """Plans, and remembers the forms of columns; a table that was small is looked at again each time."""

    def __init__(self) -> None:
        self._known: dict[Selection, Forms] = {}
        self._long: dict[Selection, timedelta] = {}

    def plan(
        self,
        connection: sqlite3.Connection,
        selection: Selection,
        window: Window | None,
        format_: Format,
        limit: int | None = None,
    ) -> Plan:
        """The SELECT for a window; all rows for None or where there is no cursor."""
        known = self.forms(connection, selection)
        stamp = selection.stamp
        edges = cut(stamp, known.cursor, selection.zone, window) if stamp and window else None
        made = (format_, edges.sql if edges else "", limit)
        sql = known.made.get(made)
        if sql is None:
            sql = known.made[made] = _select(selection, known, edges, format_, limit)
        return Plan(
            sql, edges.parameters if edges else (), format_, brief=limit is None and self._is_brief(selection, window)
        )

    def answered(self, selection: Selection, window: Window | None, *, brief: bool) -> None:
        """What an answer taught: whether a window of this length has few rows."""
        if window is None:
            return
        long = self._long.get(selection)
        if not brief and (long is None or window.length < long):
            self._long[selection] = window.length
        elif brief and long is not None and window.length >= long:
            del self._long[selection]

    def forms(self, connection: sqlite3.Connection, selection: Selection) -> Forms:
        """What is known of how values are stored."""
        known = self._known.get(selection)
        now = time.monotonic()
        if known is None or known.is_old(now):
            known = self._known[selection] = _learnt(connection, selection, now)
        return known

    def _is_brief(self, selection: Selection, window: Window | None) -> bool:
        return window is not None and window.length < self._long.get(selection, timedelta.max)


def _select(selection: Selection, known: Forms, edges: Cut | None, format_: Format, limit: int | None) -> str:
    inside = edges.sql if edges else ""
    if selection.sessions:
        return session_select(selection, known, all_actions(selection, inside, limit), format_)
    pieces = [piece(column, column.sql, known.columns[column.name], selection.zone) for column in selection.columns]
    most = "" if limit is None else f" limit {limit}"
    origin = f"{selection.relation}{selection.where_inside(inside)}{most}"
    return f"select {line(selection.names, pieces, format_)} as {LINE} from {origin}"


def session_select(selection: Selection, known: Forms, actions: Actions, format_: Format) -> str:
    """The SELECT of one row a session."""
    sessions = summed(selection, known.columns, known.cursor, actions)
    # The stamps of sessions summed in microseconds are UTC whatever the zone of the actions.
    pieces = sessions.pieces(lambda column, form: piece(column, column.sql, form, selection.zone))
    return f"select {line(selection.names, pieces, format_)} as {LINE} from {sessions.relation}"


def _learnt(connection: sqlite3.Connection, selection: Selection, now: float) -> Forms:
    stamp = selection.stamp
    expressions = [column.sql for column in selection.columns] + [stamp or "null"]
    is_table = not selection.relation.startswith("(")
    rows = _sample(connection, selection, expressions, tail=is_table)
    cursors = [row[-1] for row in rows]
    if stamp and is_table:
        # Each aggregate in a SELECT of its own: only so does SQLite answer both from the index.
        for extreme in ("min", "max"):
            cursors += connection.execute(f"select {extreme}({stamp}) from {selection.relation}").fetchone()
    return Forms(
        {column.name: _form(column, [row[at] for row in rows]) for at, column in enumerate(selection.columns)},
        forms.stamps(cursors),
        full=len(rows) >= SAMPLE_ROWS,
        taken_at=now,
        seconds=time.monotonic() - now,
    )


def _sample(
    connection: sqlite3.Connection, selection: Selection, expressions: Sequence[str], *, tail: bool
) -> list[tuple[Scalar, ...]]:
    head = f"select {', '.join(expressions)} from {selection.relation}"
    rows = connection.execute(f"{head} limit {SAMPLE_ROWS}").fetchall()
    if tail and len(rows) == SAMPLE_ROWS:
        try:
            rows += connection.execute(f"{head} order by rowid desc limit {SAMPLE_ROWS}").fetchall()
        except sqlite3.OperationalError:
            # A view or a table WITHOUT ROWID: its head has to do.
            return rows
    return rows


def _form(column: Column, values: list[Scalar]) -> Form:
    if column.kind is Kind.DATETIME:
        return forms.stamps(values)
    if column.kind is Kind.DATE:
        return forms.days(values)
    if column.kind in (Kind.DECIMAL, Kind.INTEGER):
        return forms.numbers(values)
    return forms.texts(values)
