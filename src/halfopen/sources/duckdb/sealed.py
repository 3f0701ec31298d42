"""Sealed windows in SQL: one COPY, as the plain ones are, of rows with what they are served at.

A version is named by the MD5 of what its row shows. What is lifted comes as lists that the relation is joined with;
DuckDB hashes them, so that their number costs little.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import duckdb

from halfopen.sources.base import Selection
from halfopen.sources.duckdb import stamps
from halfopen.sources.duckdb.cut import cut
from halfopen.sources.duckdb.lines import Piece, piece
from halfopen.sources.duckdb.plans import copy, session_copy
from halfopen.sources.duckdb.sql import moment
from halfopen.sources.duckdb.types import Shape, Type
from halfopen.sources.exact import micros_of
from halfopen.sources.kept import Types
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
from halfopen.sources.sealing import Identity, Lift, Look, Served
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_STAMPS: Final = (Shape.ZONED, Shape.STAMP, Shape.NANOS, Shape.DATE)
"""Cursors that are printed from a timestamp; others from a text."""


def sealed_copy(selection: Selection, types: Types[Type], served: Served, format_: Format) -> str:
    """The COPY of a served window to the file `{0}`."""
    rows = _rows_of(selection, types)
    if selection.sessions is not None:
        found = actions(rows, selection.sessions.session_id, served)
        return session_copy(selection, types, found, format_)
    told = []
    for part in parts(rows, served):
        pieces = []
        for column in selection.columns:
            own = piece(column, types[column.sql], selection.zone)
            pieces.append(_stamped(own, types[column.sql], part) if shows_cursor(column, selection) else own)
        told.append((pieces, part.origin))
    return copy(selection.names, told, format_)


def look(
    connection: duckdb.DuckDBPyConnection,
    selection: Selection,
    types: Types[Type],
    before: Window | None,
    now: Window | None,
) -> Look:
    """What the rows of two spans show."""
    rows = _rows_of(selection, types)
    shown: list[tuple[bytes, int]] = []
    for span in look_spans(before, now):
        told = f"{_digest(selection, types)}, epoch_us({rows.moment})"
        where = both(rows.filter, rows.inside(span))
        shown += connection.execute(f"select {told} from {rows.relation} where {where}").fetchall()
    return looked(shown, before, now)


def _rows_of(selection: Selection, types: Types[Type]) -> Rows:
    """The rows that a selection is made of: its own, or the actions that its sessions are summed from."""
    stamp = stamp_of(selection)
    served_at = f"({stamps.moment(stamp, types[stamp], selection.zone)})"
    digest = _digest(selection, types)

    def joined(lifts: Sequence[Lift]) -> str:
        return (
            f"{selection.relation} left join ({_table(lifts)}) as halfopen_lifts on halfopen_id = {digest} "
            f"and {served_at} >= halfopen_since and {served_at} < halfopen_to"
        )

    return Rows(
        relation=selection.relation,
        filter=selection.filter,
        moment=served_at,
        literal=moment,
        inside=lambda window: cut(stamp, types[stamp], selection.zone, window),
        joined=joined,
        lift="halfopen_to",
        among=lambda identities: f"{digest} in (select unnest({_blobs(identities)}))",
    )


def _table(lifts: Sequence[Lift]) -> str:
    return (
        f"select unnest({_blobs(lift.identity for lift in lifts)}) as halfopen_id, "
        f"make_timestamp(unnest({_micros(lift.since for lift in lifts)})) as halfopen_since, "
        f"make_timestamp(unnest({_micros(lift.to for lift in lifts)})) as halfopen_to"
    )


def _blobs(identities: Iterable[Identity]) -> str:
    """As one text: a list of many literals takes long to be read."""
    told = ",".join(each.hex() for each in identities if isinstance(each, bytes))
    return f"list_transform(list_filter(string_split('{told}', ','), lambda i: i <> ''), lambda i: unhex(i))"


def _micros(moments: Iterable[datetime]) -> str:
    told = ",".join(str(micros_of(each)) for each in moments)
    return f"list_filter(string_split('{told}', ','), lambda i: i <> '')::bigint[]"


def _digest(selection: Selection, types: Types[Type]) -> str:
    """Sixteen bytes of what a row shows; of an action everything that sessions are summed from."""
    shown = [f"({piece(column, types[column.sql], selection.zone).csv})::varchar" for column in selection.columns]
    shown += [f"({sql})::varchar" for sql in shown_of(selection)]
    return f"unhex(md5(to_json([{', '.join(shown)}])::varchar))"


def _stamped(own: Piece, type_: Type, part: Part) -> Piece:
    """The cursor, or what a lifted row is served at."""
    if part.lifted is None:
        return own
    served = f"date_trunc('second', {part.lifted})"
    csv = served if type_.shape in _STAMPS else f"({served})::varchar"
    return replace(own, csv=f"coalesce({csv}, {own.csv})", json=f"coalesce(({served})::varchar, {own.json})")
