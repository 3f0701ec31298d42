"""Served windows in SQL, for every engine that tells versions by digests: which rows, and what they are served at.

An engine says in `Rows` how its own SQL names things. Where nothing is lifted or hidden, nobody comes here: a plain
window is read by the engine's plain SQL.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from halfopen.sources.base import Column, Selection
from halfopen.sources.exact import micros_of
from halfopen.sources.sealing import Identity, Lift, Look, Served, Sighting
from halfopen.sources.sessions import TOUCHED, Actions
from halfopen.window.window import Window

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A relation of rows with a cursor, in an engine's SQL.

    filter: which rows there are, "true" for all. moment: the cursor as a value that sorts as time; literal: makes such
    a value of a moment. inside: whether the raw cursor lies in a window, by its index where there is one. joined: the
    relation beside which `lift` can be read, the moment that one of these lifts moves a row to, null for other rows.
    among: whether a row's version is one of these.
    """

    relation: str
    filter: str
    moment: str
    literal: Callable[[datetime], str]
    inside: Callable[[Window], str]
    joined: Callable[[Sequence[Lift]], str]
    lift: str
    among: Callable[[Iterable[Identity]], str]


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the rows of an answer; no row is in two of them.

    origin: what stands after FROM and WHERE. lifted: the moment that a row is lifted to, null where it is not; None
    where no row of the part can be.
    """

    origin: str
    lifted: str | None


def parts(rows: Rows, served: Served) -> list[Part]:
    """The rows of a served window: those with a cursor in it, and those that were lifted into it from before."""
    touched = _touched_span(served)
    inside = served.window.intersection(touched) if touched else None
    if touched is None or inside is None or inside.is_empty:
        own = [_plain(rows, served.window)]
    else:
        outside = (Window(served.window.start, inside.start), Window(inside.end, served.window.end))
        own = [_own(rows, served, inside), *(_plain(rows, each) for each in outside if not each.is_empty)]
    before = _from_before(rows, served)
    return own if before is None else [*own, before]


def lifted(rows: Rows, served: Served) -> str:
    """The moment that a row is lifted to, null where it is not; a lift goes before a replay."""
    replayed = [
        f"when {_between(rows, replay.span.start, replay.span.end)} then {rows.literal(replay.to)}"
        for replay in served.replays
    ]
    return f"coalesce({rows.lift}, case {' '.join(replayed)} end)" if replayed else rows.lift


def visible(rows: Rows, served: Served) -> str:
    """A condition that leaves out what no seal has seen; "true" where there is nothing such."""
    span = served.hidden_span
    if not served.hidden or span is None:
        return "true"
    return f"not ({_between(rows, span.start, span.end)} and {rows.among(served.hidden)})"


def actions(rows: Rows, session_id: str, served: Served) -> Actions:
    """The actions of the sessions that have one served in the window; what no seal has seen counts nowhere."""
    touched = " union ".join(f"select {session_id} as {TOUCHED} from {part.origin}" for part in parts(rows, served))
    relation, last = rows.relation, rows.moment
    if served.lifts or served.replays:
        relation, last = rows.joined(served.lifts), f"coalesce({lifted(rows, served)}, {rows.moment})"
    return Actions(relation=relation, filter=counted(rows, served), touched=touched, last=last)


def counted(rows: Rows, served: Served) -> str:
    """Which actions sessions are summed from."""
    before = "true" if served.until is None else f"{rows.moment} < {rows.literal(served.until)}"
    return both(rows.filter, visible(rows, served), before)


def shown_of(selection: Selection) -> list[str]:
    """Of an action, everything that sessions are summed from; of other rows nothing."""
    told = selection.sessions
    if told is None:
        return []
    summed_from = (told.session_id, told.kind, told.amount, told.created_at, told.round_id)
    return [sql for sql in summed_from if sql is not None]


def stamp_of(selection: Selection) -> str:
    """What windows cut on. ValueError for a catalogue, which has no windows."""
    if selection.stamp is None:
        raise ValueError(f"{selection.feed}: a catalogue has no windows")
    return selection.stamp


def shows_cursor(column: Column, selection: Selection) -> bool:
    """Whether the column shows what windows cut on."""
    if selection.cursor_column:
        return column.name == selection.cursor_column
    return column.sql == selection.cursor


def both(*conditions: str) -> str:
    """All of them."""
    return " and ".join(each for each in conditions if each != "true") or "true"


def look_spans(before: Window | None, now: Window | None) -> list[Window]:
    """What is to be read for a look: one window where both touch."""
    spans = [span for span in (before, now) if span is not None and not span.is_empty]
    if len(spans) > 1 and (spans[0].touches(spans[1]) or spans[0].overlaps(spans[1])):
        return [spans[0].hull(spans[1])]
    return spans


def looked(shown: Iterable[tuple[bytes, int]], before: Window | None, now: Window | None) -> Look:
    """What rows show, each told by its digest and its cursor in microseconds since the epoch."""
    early: dict[Identity, tuple[int, int]] = {}
    late: dict[Identity, int] = {}
    from_, to = _edges(before)
    since, until = _edges(now)
    for digest, micros in shown:
        if from_ <= micros < to:
            rows, oldest = early.get(digest, (0, micros))
            early[digest] = rows + 1, min(oldest, micros)
        if since <= micros < until:
            late[digest] = late.get(digest, 0) + 1
    return Look(
        before={
            digest: Sighting(rows, _EPOCH + timedelta(microseconds=oldest)) for digest, (rows, oldest) in early.items()
        },
        now=late,
    )


def _plain(rows: Rows, window: Window) -> Part:
    return Part(f"{rows.relation} where {both(rows.filter, rows.inside(window))}", None)


def _own(rows: Rows, served: Served, window: Window) -> Part:
    """Rows with a cursor in `window`, which may be lifted within the served one; beyond it they are gone."""
    moved = [lift for lift in served.lifts if lift.to > window.start and lift.since < window.end]
    replayed = any(replay.to > window.start and replay.span.overlaps(window) for replay in served.replays)
    conditions = both(rows.filter, rows.inside(window), visible(rows, served))
    if not (moved or replayed):
        return Part(f"{rows.relation} where {conditions}", None)
    to = lifted(rows, served)
    stays = f"coalesce({to} < {rows.literal(served.window.end)}, 1 = 1)"
    return Part(f"{rows.joined(moved)} where {both(conditions, stays)}", to)


def _from_before(rows: Rows, served: Served) -> Part | None:
    """Rows with a cursor before the window that are served in it; None where there are none."""
    window = served.window
    lifts = [lift for lift in served.lifts if window.contains(lift.to) and lift.since < window.start]
    replays = [replay for replay in served.replays if window.contains(replay.to) and replay.span.start < window.start]
    if not (lifts or replays):
        return None
    since = min([lift.since for lift in lifts] + [replay.span.start for replay in replays])
    to = lifted(rows, served)
    arrives = f"{to} >= {rows.literal(window.start)} and {to} < {rows.literal(window.end)}"
    # Where rows are replayed, all lifts are needed to tell which are.
    relation = rows.joined(served.lifts if replays else lifts)
    origin = both(rows.filter, rows.inside(Window(since, window.start)), visible(rows, served), arrives)
    return Part(f"{relation} where {origin}", to)


def _touched_span(served: Served) -> Window | None:
    """Where a row may be anything but plain."""
    spans = [Window(lift.since, lift.to) for lift in served.lifts] + [replay.span for replay in served.replays]
    if served.hidden and served.hidden_span is not None:
        spans.append(served.hidden_span)
    if not spans:
        return None
    return Window(min(span.start for span in spans), max(span.end for span in spans))


def _between(rows: Rows, start: datetime, end: datetime) -> str:
    return f"{rows.moment} >= {rows.literal(start)} and {rows.moment} < {rows.literal(end)}"


def _edges(span: Window | None) -> tuple[int, int]:
    return (0, 0) if span is None else (micros_of(span.start), micros_of(span.end))
