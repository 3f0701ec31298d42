"""Sealed windows in SQL: rows with what they are served at, as a plain window wherever nothing is lifted or hidden.

A version is named by `xmin`, the number of the transaction that wrote it, or by a digest of what the row shows. What is
lifted comes as arrays that the relation is joined with; PostgreSQL hashes them, so that their number costs little.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from halfopen.sources.base import Column, Selection
from halfopen.sources.lifting import Part, both, shown_of, shows_cursor, stamp_of
from halfopen.sources.postgresql import stamps
from halfopen.sources.postgresql.cut import cut
from halfopen.sources.postgresql.lines import Piece, piece
from halfopen.sources.postgresql.plans import select, session_select
from halfopen.sources.postgresql.sql import moment, text
from halfopen.sources.postgresql.types import Shape, Type
from halfopen.sources.sealing import Detector, Identity, Lift, Served
from halfopen.sources.sessions import TOUCHED, Actions
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_LOW: Final = 2**32
_MOMENT: Final = Type("timestamptz", Shape.ZONED)
_ID, _SINCE, _TO = "halfopen_id", "halfopen_since", "halfopen_to"


@dataclass(frozen=True, slots=True)
class Rows:
    """A relation of rows with a cursor, and how their versions are named."""

    selection: Selection
    stamp: str
    """The raw cursor, or the time of an action."""
    type: Type
    identity: str
    id_type: str

    @property
    def moment(self) -> str:
        """The cursor as timestamptz."""
        return stamps.zoned(self.stamp, self.type, self.selection.zone)

    def inside(self, window: Window) -> str:
        """Whether the raw cursor lies in a window, by its index where there is one."""
        return cut(self.stamp, self.type, self.selection.zone, window)


def sealed_select(selection: Selection, types: dict[str, Type], detector: Detector, served: Served, fmt: Format) -> str:
    """The SELECT of a served window, as COPY takes it."""
    rows = rows_of(selection, types, detector)
    if selection.sessions is not None:
        return session_select(selection, types, _actions(rows, selection.sessions.session_id, served), fmt)
    told = []
    for part in _parts(rows, served):
        columns = [
            _stamped(column, rows, part.lifted, types)
            if part.lifted and shows_cursor(column, selection)
            else piece(column, types[column.sql], selection.zone)
            for column in selection.columns
        ]
        told.append((columns, part.origin))
    return select(selection.names, told, fmt)


def _actions(rows: Rows, session_id: str, served: Served) -> Actions:
    """The actions of the sessions that have one served in the window; what no seal has seen counts nowhere."""
    touched = " union ".join(f"select {session_id} as {TOUCHED} from {part.origin}" for part in _parts(rows, served))
    before = "true" if served.until is None else f"{rows.moment} < {moment(served.until)}"
    counted = both(rows.selection.filter, _visible(rows, served), before)
    if not (served.lifts or served.replays):
        return Actions(relation=rows.selection.relation, filter=counted, touched=touched)
    last = f"greatest({rows.moment}, {_lifted(rows, served)})"
    return Actions(relation=_relation(rows, served.lifts), filter=counted, touched=touched, last=last)


def rows_of(selection: Selection, types: dict[str, Type], detector: Detector) -> Rows:
    """The rows that a selection is made of: its own, or the actions that its sessions are summed from."""
    stamp = stamp_of(selection)
    if detector is Detector.XID:
        # With its table's name: of a join the system's columns have no other.
        return Rows(selection, stamp, types[stamp], f"{selection.relation}.xmin", "xid")
    return Rows(selection, stamp, types[stamp], _digest(selection, types), "bytea")


def _parts(rows: Rows, served: Served) -> list[Part]:
    """The rows of a served window: those with a cursor in it, and those that were lifted into it from before."""
    window = served.window
    lifted_here = [lift for lift in served.lifts if lift.to > window.start and lift.since < window.end]
    replayed_here = any(replay.to > window.start and replay.span.overlaps(window) for replay in served.replays)
    if lifted_here or replayed_here:
        own = _joined(rows, served, lifted_here, window)
    else:
        conditions = both(rows.selection.filter, rows.inside(window), _visible(rows, served))
        own = Part(f"{rows.selection.relation} where {conditions}", None)
    before = _from_before(rows, served)
    return [own] if before is None else [own, before]


def _visible(rows: Rows, served: Served) -> str:
    """A condition that leaves out what no seal has seen; "true" where there is nothing such."""
    span = served.hidden_span
    if not served.hidden or span is None:
        return "true"
    some = f"{rows.identity} = any({_array(served.hidden, rows.id_type)})"
    return f"not ({rows.moment} >= {moment(span.start)} and {rows.moment} < {moment(span.end)} and {some})"


def _stamped(column: Column, rows: Rows, lifted: str, types: dict[str, Type]) -> Piece:
    """The column that shows the cursor, with what lifted rows are served at."""
    zone = rows.selection.zone
    own = piece(column, types[column.sql], zone)
    stamp = stamps.floored(f"greatest({rows.moment}, {lifted})", _MOMENT, zone)
    served = f"({stamp})::text"
    if column.sql == rows.stamp and stamps.is_plain(types[column.sql]):
        # `greatest` passes over the null of a row that is not lifted. Choosing between two texts, and reading the one
        # that was chosen again as a timestamp, costs a third of a large answer.
        return Piece(stamp, served)
    # Of one type with the part that has no lifts: a stamp that is always one is printed from its timestamp.
    plain = f"case when {lifted} is null then ({own.csv})::text else {served} end"
    return Piece(f"({plain})::timestamp" if stamps.is_plain(types[column.sql]) else plain, plain)


def _literal(identity: Identity, id_type: str) -> str:
    """An identity as an item of an array literal."""
    if isinstance(identity, int):
        return str(identity % _LOW)
    return f'"\\\\x{identity.hex()}"' if id_type == "bytea" else identity.hex()


def _joined(rows: Rows, served: Served, lifts: Sequence[Lift], window: Window) -> Part:
    lifted = _lifted(rows, served)
    stays = f"coalesce({lifted} < {moment(window.end)}, true)"
    conditions = both(rows.selection.filter, rows.inside(window), stays, _visible(rows, served))
    return Part(f"{_relation(rows, lifts)} where {conditions}", lifted)


def _from_before(rows: Rows, served: Served) -> Part | None:
    """Rows with a cursor before the window that are served in it; None where there are none."""
    window = served.window
    lifts = [lift for lift in served.lifts if window.start <= lift.to < window.end and lift.since < window.start]
    replays = [
        replay
        for replay in served.replays
        if window.start <= replay.to < window.end and replay.span.start < window.start
    ]
    if not (lifts or replays):
        return None
    since = min([lift.since for lift in lifts] + [replay.span.start for replay in replays])
    lifted = _lifted(rows, served)
    # A lift goes before a replay: where rows are replayed, all lifts are needed to tell which are.
    relation = _relation(rows, served.lifts) if replays else _relation(rows, lifts, inner=True)
    arrives = f"{lifted} >= {moment(window.start)} and {lifted} < {moment(window.end)}"
    conditions = both(rows.selection.filter, rows.inside(Window(since, window.start)), arrives, _visible(rows, served))
    return Part(f"{relation} where {conditions}", lifted)


def _lifted(rows: Rows, served: Served) -> str:
    replayed = [
        f"when {rows.moment} >= {moment(replay.span.start)} and {rows.moment} < {moment(replay.span.end)} "
        f"then {moment(replay.to)}"
        for replay in served.replays
    ]
    return f"coalesce({_TO}, case {' '.join(replayed)} end)" if replayed else _TO


def _relation(rows: Rows, lifts: Iterable[Lift], *, inner: bool = False) -> str:
    told = list(lifts)
    ids = _array((lift.identity for lift in told), rows.id_type)
    since = _moments(lift.since for lift in told)
    to = _moments(lift.to for lift in told)
    return (
        f"{rows.selection.relation} {'' if inner else 'left '}join "
        f"unnest({ids}, {since}, {to}) as halfopen_lifts({_ID}, {_SINCE}, {_TO}) "
        f"on {rows.identity} = {_ID} and {rows.moment} >= {_SINCE} and {rows.moment} < {_TO}"
    )


def _array(identities: Iterable[Identity], id_type: str) -> str:
    return f"'{{{','.join(_literal(each, id_type) for each in identities)}}}'::{id_type}[]"


def _moments(found: Iterable[datetime]) -> str:
    items = ",".join(f'"{each.isoformat(sep=" ", timespec="microseconds")}"' for each in found)
    return f"{text('{' + items + '}')}::timestamptz[]"


def _digest(selection: Selection, types: dict[str, Type]) -> str:
    """Sixteen bytes of what a row shows; of an action everything that sessions are summed from."""
    shown = [f"({piece(column, types[column.sql], selection.zone).csv})::text" for column in selection.columns]
    shown += [f"({sql})::text" for sql in shown_of(selection)]
    return f"decode(md5(row({', '.join(shown)})::text), 'hex')"
