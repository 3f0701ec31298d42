"""Sealed windows in SQL: whole lines, as the plain ones are, of rows with what they are served at.

A version is named by the MD5 of its line in CSV. What is lifted and what is hidden is looked up by functions of ours,
which are registered for one query and called only where a row may be touched by them.
"""

import sqlite3
from collections.abc import Iterator
from hashlib import md5

from halfopen.sources.base import Column, Selection
from halfopen.sources.exact import micros_of
from halfopen.sources.lifting import (
    Part,
    Rows,
    actions,
    both,
    look_spans,
    looked,
    parts,
    shown_of,
    shows_cursor,
    stamp_of,
)
from halfopen.sources.sealing import Look, Served
from halfopen.sources.sqlite.cut import cut
from halfopen.sources.sqlite.lines import Piece, line, piece, text
from halfopen.sources.sqlite.plans import LINE, Forms, Plan, session_select
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format


def sealed_plan(
    connection: sqlite3.Connection, selection: Selection, known: Forms, served: Served, format_: Format
) -> Plan:
    """The SELECT of a served window; it may be run on this connection until the next one is made there."""
    _register(connection, served)
    rows = _rows_of(selection, known, served)
    if selection.sessions is not None:
        found = actions(rows, selection.sessions.session_id, served)
        return Plan(session_select(selection, known, found, format_), (), format_, brief=True)
    selects = []
    for part in parts(rows, served):
        pieces = [
            _stamped(own, part) if shows_cursor(column, selection) else own
            for column in selection.columns
            for own in (_piece(column, selection, known),)
        ]
        selects.append(f"select {line(selection.names, pieces, format_)} as {LINE} from {part.origin}")
    return Plan(" union all ".join(selects), (), format_, brief=True)


def look(
    connection: sqlite3.Connection, selection: Selection, known: Forms, before: Window | None, now: Window | None
) -> Look:
    """What the rows of two spans show; their lines are hashed here."""
    rows = _rows_of(selection, known, None)

    def read() -> Iterator[tuple[bytes, int]]:
        for span in look_spans(before, now):
            where = both(rows.filter, rows.inside(span))
            sql = f"select {_line_of(selection, known)}, {rows.moment} from {rows.relation} where {where}"
            for told, micros in connection.execute(sql):
                yield md5(told, usedforsecurity=False).digest(), micros

    return looked(read(), before, now)


def _rows_of(selection: Selection, known: Forms, served: Served | None) -> Rows:
    """The rows that a selection is made of: its own, or the actions that its sessions are summed from."""
    stamp = stamp_of(selection)
    micros = f"halfopen_micros({stamp}, {text(selection.zone)})"
    told = _line_of(selection, known)
    lift = "null"
    if served is not None and served.lifts:
        # The cheap question first: most rows lie where nothing was lifted.
        hull = Window(min(lift.since for lift in served.lifts), max(lift.to for lift in served.lifts))
        touched = cut(stamp, known.cursor, selection.zone, hull).inline
        lift = f"case when {touched} then halfopen_lift({told}, {micros}) end"
    return Rows(
        relation=selection.relation,
        filter=selection.filter,
        moment=micros,
        literal=lambda moment: str(micros_of(moment)),
        inside=lambda window: cut(stamp, known.cursor, selection.zone, window).inline,
        joined=lambda _: selection.relation,
        lift=lift,
        among=lambda _: f"halfopen_hides({told})",
    )


def _register(connection: sqlite3.Connection, served: Served) -> None:
    lifts = {lift.identity: (micros_of(lift.since), micros_of(lift.to)) for lift in served.lifts}
    hidden = served.hidden

    def lift_of(told: bytes, micros: int | None) -> int | None:
        found = lifts.get(md5(told, usedforsecurity=False).digest())
        return found[1] if found and micros is not None and found[0] <= micros < found[1] else None

    def hides(told: bytes) -> bool:
        return md5(told, usedforsecurity=False).digest() in hidden

    connection.create_function("halfopen_lift", 2, lift_of, deterministic=True)
    connection.create_function("halfopen_hides", 1, hides, deterministic=True)


def _line_of(selection: Selection, known: Forms) -> str:
    """What a row shows, as bytes; of an action everything that sessions are summed from."""
    pieces = [_piece(column, selection, known) for column in selection.columns]
    told = [line(tuple(column.name for column in selection.columns), pieces, Format.CSV)] if pieces else []
    told += [f"quote({sql})" for sql in shown_of(selection)]
    # As bytes: a line holds marks that are no UTF-8.
    return f"cast({' || char(10) || '.join(told)} as blob)"


def _piece(column: Column, selection: Selection, known: Forms) -> Piece:
    return piece(column, column.sql, known.columns[column.name], selection.zone)


def _stamped(own: Piece, part: Part) -> Piece:
    """The cursor, or what a lifted row is served at."""
    if part.lifted is None:
        return own
    served = f"datetime({part.lifted} / 1000000, 'unixepoch')"
    return Piece(
        own.slot,
        f"ifnull({served}, {own.csv})",
        f"ifnull({served}, {own.json})",
    )
