"""Windows as SQL conditions on the cursor, at full precision, by the index on the raw column where there is one.

The edges are written in the column's own storage form. Text compares byte by byte: an edge without a suffix sorts
before every stamp of its second whatever follows (".5", "Z", "+00:00"), so whole-second edges are exact for all.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from halfopen.sources.cuts import CLOCK_CHANGE, between, is_steady
from halfopen.sources.exact import micros_of
from halfopen.sources.sqlite.forms import Form, Shape
from halfopen.sources.sqlite.lines import text
from halfopen.window.window import Window

_QUOTED_OR_MARK: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\?""")


@dataclass(frozen=True, slots=True)
class Cut:
    """A condition and its parameters."""

    sql: str
    parameters: tuple[str | int | float, ...]

    @property
    def inline(self) -> str:
        """With its parameters written in, so that it may stand anywhere and more than once."""
        values = iter(self.parameters)
        return _QUOTED_OR_MARK.sub(lambda found: _literal(next(values)) if found[0] == "?" else found[0], self.sql)


def cut(sql: str, form: Form, zone: str, window: Window) -> Cut:
    """Start <= cursor < end for the cursor expression `sql`."""
    if form.shape is Shape.EPOCH:
        start, end = (_epoch(edge, form.unit) for edge in (window.start, window.end))
        return Cut(between(sql, "?", "?"), (start, end))
    if form.shape is Shape.STAMP and form.suffix != "mixed":
        return _text_cut(sql, form, zone if not form.suffix else "UTC", window)
    return _exact_cut(sql, zone, window)


def _text_cut(sql: str, form: Form, zone: str, window: Window) -> Cut:
    where = ZoneInfo(zone)
    steady = is_steady(zone, window)
    widened = timedelta(0) if steady else CLOCK_CHANGE
    start = _local(window.start, where, -widened).isoformat(sep=form.separator)
    end = _local(window.end, where, widened).isoformat(sep=form.separator)
    raw = Cut(between(sql, "?", "?"), (_trimmed(start), _trimmed(end)))
    whole = not (window.start.microsecond or window.end.microsecond)
    if steady and (whole or not form.suffix):
        return raw
    # A suffix sorts after a fraction's point: widen to whole seconds for the index, then compare exactly.
    if not whole:
        raw = Cut(raw.sql, (start[:19], _trimmed(_up(end))))
    exact = _exact_cut(sql, zone, window)
    return Cut(f"{raw.sql} and {exact.sql}", raw.parameters + exact.parameters)


def _exact_cut(sql: str, zone: str, window: Window) -> Cut:
    moment = f"halfopen_micros({sql}, {text(zone)})"
    return Cut(between(moment, "?", "?"), (micros_of(window.start), micros_of(window.end)))


def _local(edge: datetime, zone: ZoneInfo, by: timedelta) -> datetime:
    try:
        return (edge + by).astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return edge.replace(tzinfo=None)


def _trimmed(edge: str) -> str:
    """Without the zeros that end a fraction: ".5" sorts before ".50", which is the same moment."""
    return edge.rstrip("0") if "." in edge else edge


def _up(edge: str) -> str:
    """A text after every stamp of the edge's second."""
    return edge[:19] + "~"


def _epoch(edge: datetime, unit: int) -> int | float:
    micros = micros_of(edge)
    parts = 1_000_000 // unit
    return micros // parts if micros % parts == 0 else micros / parts


def _literal(value: str | float) -> str:
    return text(value) if isinstance(value, str) else repr(value)
