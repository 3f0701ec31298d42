"""Queries that are no plain windows: other blanks, no moments, the wrong way round."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

from halfopen.check.observe import Observation
from halfopen.window.window import Window
from halfopen.wire import moment

_OFFSET = timedelta(hours=3)


def spaced(window: Window, space: str) -> str:
    """A window with its blanks written as `+` or `%20`."""
    return moment.query_of(window, space)


def is_read_alike(one: Observation, other: Observation) -> bool:
    """Whether two answers to a window, asked in two ways, hold the same rows, but for those that have moved on."""
    together, apart = one.ids() | other.ids(), one.ids() ^ other.ids()
    return other.is_whole and len(apart) * 2 <= len(together)


def equal(at: datetime, space: str) -> str:
    """From = to, at a moment that has rows."""
    return moment.query_of(Window(at, at), space)


def queries(window: Window | None, now: datetime, space: str) -> Iterator[tuple[str, str, Window | None]]:
    """(probe, query, the window that it means, None where it means none)."""
    yield "odd:yesterday", "from=yesterday&to=today", None
    day = f"{now.year}-02-31"
    yield "odd:31 February", f"from={day}{space}00:00:00&to={day}{space}00:01:00", None
    if window is None or window.is_empty:
        return
    start, end = window.start, window.end
    yield "inverted", _query(moment.plain(end), moment.plain(start), space), None
    yield "odd:T and Z", _query(f"{start:%Y-%m-%dT%H:%M:%S}Z", f"{end:%Y-%m-%dT%H:%M:%S}Z", space), window
    yield "odd:fraction", _query(f"{moment.plain(start)}.000", f"{moment.plain(end)}.000", space), window
    local = (quote(f"{at + _OFFSET:%Y-%m-%d %H:%M:%S}+03:00", safe=":") for at in (start, end))
    yield "odd:offset", "from={}&to={}".format(*local), window
    yield "unknown_parameter", moment.query_of(window, space) + "&halfopen_check=1", window


def _query(start: str, end: str, space: str) -> str:
    return f"from={start.replace(' ', space)}&to={end.replace(' ', space)}"
