"""Sealed windows in SQL: whole lines, as the plain ones are, of rows with what they are served at.

A version is named by the MD5 of its line in CSV. What is lifted comes as one JSON text, made a table by the server,
which it looks a row's digest up in by a key of its own making; a temporary table would want a right that readers lack.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from halfopen.sources.base import Selection
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
from halfopen.sources.mysql import stamps
from halfopen.sources.mysql.connections import Connection
from halfopen.sources.mysql.cut import cut
from halfopen.sources.mysql.lines import Piece, line, piece
from halfopen.sources.mysql.plans import session_select
from halfopen.sources.mysql.sql import moment, raw, text
from halfopen.sources.mysql.types import Type
from halfopen.sources.sealing import Identity, Lift, Look, Served
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_MICROSECONDS = "timestampdiff(microsecond, timestamp'1970-01-01 00:00:00', {})"


def sealed_select(selection: Selection, types: Types[Type], served: Served, format_: Format) -> str:
    """The SELECT of a served window."""
    rows = _rows_of(selection, types)
    if selection.sessions is not None:
        found = actions(rows, selection.sessions.session_id, served)
        return session_select(selection, types, found, format_)
    selects = []
    for part in parts(rows, served):
        pieces = []
        for column in selection.columns:
            own = piece(column, types[column.sql], selection.zone)
            pieces.append(_stamped(own, part) if shows_cursor(column, selection) else own)
        selects.append(f"select {line(selection.names, pieces, format_)} from {part.origin}")
    return " union all ".join(selects)


def look(
    connection: Connection, selection: Selection, types: Types[Type], before: Window | None, now: Window | None
) -> Look:
    """What the rows of two spans show."""
    rows = _rows_of(selection, types)
    shown: list[tuple[bytes, int]] = []
    for span in look_spans(before, now):
        where = both(rows.filter, rows.inside(span))
        told = f"{_digest(selection, types)}, {_MICROSECONDS.format(rows.moment)}"
        shown += connection.fetch(f"select {told} from {rows.relation} where {where}")
    return looked(shown, before, now)


def _rows_of(selection: Selection, types: Types[Type]) -> Rows:
    """The rows that a selection is made of: its own, or the actions that its sessions are summed from."""
    stamp = stamp_of(selection)
    served_at = stamps.moment(stamp, types[stamp], selection.zone)
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
        among=lambda identities: f"{digest} in ({', '.join(raw(_bytes(each)) for each in identities)})",
    )


def _table(lifts: Iterable[Lift]) -> str:
    """Lifts as a table; those of one seal share their moments, which are told once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for lift in lifts:
        groups.setdefault((_stamp(lift.since), _stamp(lift.to)), []).append(_bytes(lift.identity).hex())
    told = json.dumps([[*edges, digests] for edges, digests in groups.items()], separators=(",", ":"))
    # DISTINCT makes it a table of its own, which the server gives a key; merged into the query it would have none.
    return (
        "select distinct unhex(i) as halfopen_id, cast(s as datetime(6)) as halfopen_since, "
        f"cast(t as datetime(6)) as halfopen_to from json_table({text(told)}, '$[*]' columns ("
        "s varchar(26) path '$[0]', t varchar(26) path '$[1]', "
        "nested path '$[2][*]' columns (i varchar(32) path '$'))) as halfopen_groups"
    )


def _digest(selection: Selection, types: Types[Type]) -> str:
    """Sixteen bytes of what a row shows; of an action everything that sessions are summed from."""
    pieces = [piece(column, types[column.sql], selection.zone) for column in selection.columns]
    told = [line(tuple(column.name for column in selection.columns), pieces, Format.CSV)]
    told += [f"ifnull(hex(cast({sql} as binary)), '-'), '/'" for sql in shown_of(selection)]
    return f"unhex(md5(concat({', '.join(told)})))"


def _stamped(own: Piece, part: Part) -> Piece:
    """The cursor, or what a lifted row is served at."""
    if part.lifted is None:
        return own
    return replace(own, plain=f"coalesce(left(cast({part.lifted} as char), 19), {own.plain})")


def _bytes(identity: Identity) -> bytes:
    if isinstance(identity, int):
        raise TypeError(f"{identity} is no digest")
    return identity


def _stamp(found: datetime) -> str:
    return found.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
