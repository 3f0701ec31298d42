"""From a selection and a window to one SELECT of whole lines."""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection
from halfopen.sources.exact import Scalar
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


@dataclass(frozen=True, slots=True)
class Plan:
    """One SELECT that gives whole lines as its only column."""

    sql: str
    parameters: tuple[str | int | float, ...]
    format: Format


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

    def is_old(self, now: float) -> bool:
        """A full sample is trusted for a while, a short one only as long as looking again would be a burden."""
        return now - self.taken_at > (KEPT_SECONDS if self.full else REST * self.seconds)


class Planner:
    """Plans, and remembers the forms of columns; a table that was small is looked at again each time."""

    def __init__(self) -> None:
        self._known: dict[Selection, Forms] = {}

    def plan(
        self,
        connection: sqlite3.Connection,
        selection: Selection,
        window: Window | None,
        format_: Format,
        limit: int | None = None,
    ) -> Plan:
        """The SELECT for a window; all rows for None or where there is no cursor."""
        known = self._forms(connection, selection)
        stamp = selection.sessions.created_at if selection.sessions else selection.cursor
        edges = cut(stamp, known.cursor, selection.zone, window) if stamp and window else None
        if selection.sessions:
            return _session_plan(selection, known, edges, format_, limit)
        pieces = [piece(column, column.sql, known.columns[column.name], selection.zone) for column in selection.columns]
        conditions = [f"({selection.where})"] if selection.where else []
        conditions += [edges.sql] if edges else []
        where = f" where {' and '.join(conditions)}" if conditions else ""
        most = "" if limit is None else f" limit {limit}"
        sql = f"select {line(selection.names, pieces, format_)} from {selection.relation}{where}{most}"
        return Plan(sql, edges.parameters if edges else (), format_)

    def _forms(self, connection: sqlite3.Connection, selection: Selection) -> Forms:
        known = self._known.get(selection)
        now = time.monotonic()
        if known is None or known.is_old(now):
            known = self._known[selection] = _learnt(connection, selection, now)
        return known


def _session_plan(selection: Selection, known: Forms, edges: Cut | None, format_: Format, limit: int | None) -> Plan:
    sessions = summed(selection, known.columns, known.cursor, edges, limit)
    pieces = [
        # The stamps of sessions summed in microseconds are UTC whatever the zone of the actions.
        piece(column, column.sql, form, selection.zone)
        for column, form in zip(sessions.columns, sessions.forms, strict=True)
    ]
    sql = f"select {line(selection.names, pieces, format_)} from {sessions.relation}"
    return Plan(sql, sessions.parameters, format_)


def _learnt(connection: sqlite3.Connection, selection: Selection, now: float) -> Forms:
    stamp = selection.sessions.created_at if selection.sessions else selection.cursor
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
