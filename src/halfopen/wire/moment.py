"""The strict grammar of `from` and `to`, both ways.

A moment is `YYYY-MM-DD HH:MM:SS`, with a blank or `T` between date and time, optionally a fraction of a second and
`Z` or an offset such as `+03:00`. In a raw query a `+` is a blank, so `2020-10-10+07:00:00` is seven o'clock and never
an offset; an offset's own plus travels as `%2B`. Whatever is not in the grammar is refused: databases and lenient
parsers read such texts as other moments without an error.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from urllib.parse import unquote_to_bytes

from halfopen.errors import MomentError
from halfopen.window.window import Window

_GRAMMAR: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:(Z)|([+-])(\d\d):(\d\d))?", re.ASCII
)
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_RIGHT: Final = "write it as YYYY-MM-DD HH:MM:SS in UTC"
_QUOTED: Final = 40
_HOURS, _MINUTES = 24, 60


class WindowError(MomentError):
    """A request's window cannot be read; `code` names the reason for a program."""

    code: str


class MissingWindow(WindowError):  # noqa: N818 - named as its code is, missing_window
    """`from` or `to` is not there."""

    code = "missing_window"


class MalformedWindow(WindowError):  # noqa: N818 - named as its code is, malformed_window
    """`from` or `to` is no moment, or is given twice."""

    code = "malformed_window"


class InvertedWindow(WindowError):  # noqa: N818 - named as its code is, inverted_window
    """`from` lies after `to`."""

    code = "inverted_window"


def parse(text: str, zone: tzinfo = UTC) -> datetime:
    """Read a decoded text as a moment in UTC, to the microsecond.

    A text without `Z` or offset is local time in `zone`; an hour that a change of clocks repeats is read as the later
    one. A fraction of 7 to 9 digits is cut to microseconds: both edges of neighbouring windows are cut alike, so no
    gap and no overlap comes of it. More digits are refused, no clock has them.

    Raises:
        MomentError: the text is not in the grammar, or names a moment that does not exist.
    """
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        raise MomentError(f"{quoted(text)} is no moment{_hint(text)}: {_RIGHT}")
    *numbers, fraction, utc, sign, hours, minutes = match.groups()
    try:
        where = _offset(sign, int(hours), int(minutes)) if sign else UTC if utc else zone
        year, month, day, hour, minute, second = map(int, numbers)
        microsecond = int((fraction or "").ljust(6, "0")[:6])
        local = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=where, fold=1)
        return local.replace(fold=0) if where is UTC else local.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        reason = "outside of the years 1 to 9999 in UTC" if isinstance(problem, OverflowError) else str(problem)
        raise MomentError(f"{quoted(text)} is no moment ({reason}): {_RIGHT}") from None


def plain(moment: datetime) -> str:
    """Write an aware moment as `YYYY-MM-DD HH:MM:SS` in UTC, floored to the second.

    Raises:
        ValueError: the moment is naive.
    """
    return _in_utc(moment).isoformat(sep=" ", timespec="seconds")


def window_from_query(query: bytes | str) -> Window:
    """Read `from` and `to` out of the raw query string of a request (without its `?`), other parameters aside.

    `from` = `to` is an empty window.

    Raises:
        MissingWindow: `from` or `to` is not there.
        MalformedWindow: one of them is no moment, is wrongly percent-encoded, or is given more than once.
        InvertedWindow: `from` lies after `to`.
    """
    raw = query if isinstance(query, bytes) else query.encode("utf-8", "replace")
    found: dict[str, list[bytes]] = {"from": [], "to": []}
    for parameter in raw.split(b"&"):
        name, _, value = parameter.partition(b"=")
        found.get(unquote_to_bytes(name.replace(b"+", b" ")).decode("latin-1"), []).append(value)
    missing = [name for name, values in found.items() if not values]
    if missing:
        raise MissingWindow(
            f"{' and '.join(missing)} missing: ask for a window, from=2020-10-10%2007:00:00&to=2020-10-10%2008:00:00"
        )
    start, end = (_parameter(name, values) for name, values in found.items())
    if start > end:
        raise InvertedWindow(f"from {plain(start)!r} lies after to {plain(end)!r}: a window is from <= t < to")
    return Window(start, end)


def query_of(window: Window, space: str = "%20") -> str:
    """Write a window as the `from` and `to` of a query string; `space` is `%20` or `+`.

    An edge with a fraction of a second is written with it: a product that cannot read it refuses, whereas a floored
    edge would silently ask for less than what is then taken for asked.
    """
    start, end = (_in_utc(edge).isoformat(sep=" ").replace(" ", space) for edge in (window.start, window.end))
    return f"from={start}&to={end}"


def quoted(text: str) -> str:
    """Quote a text for an error, escaped and cut to a sane length."""
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r}..."


def _parameter(name: str, values: list[bytes]) -> datetime:
    if len(values) > 1:
        raise MalformedWindow(f"{name} is given {len(values)} times: give it once")
    if _BAD_ESCAPE.search(values[0]):
        found = quoted(values[0].decode("latin-1"))
        raise MalformedWindow(f"{name}={found} has a % without two hexadecimal digits: write a blank as %20")
    try:
        return parse(unquote_to_bytes(values[0].replace(b"+", b" ")).decode("utf-8", "replace"))
    except MomentError as problem:
        raise MalformedWindow(f"{name}: {problem}") from None


def _offset(sign: str, hours: int, minutes: int) -> timezone:
    if hours >= _HOURS or minutes >= _MINUTES:
        raise ValueError(f"offset {sign}{hours:02}:{minutes:02} is none")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if sign == "-" else offset)


def _hint(text: str) -> str:
    """Say what the commonest mistakes are, where one is seen."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return " but a date without a time"
    if re.fullmatch(r".*\d\d:\d\d:\d\d(?:\.\d+)? \d\d:\d\d", text, re.ASCII):
        return " (the + of an offset must be sent as %2B, a bare + is a blank)"
    if re.fullmatch(r"\d{4}-\d\d-\d\d\+\d\d:\d\d:\d\d", text, re.ASCII):
        return " (%2B is a plus; the blank is sent as %20 or as a bare +)"
    return ""


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no zone: only aware moments can be written")
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).replace(tzinfo=None)
