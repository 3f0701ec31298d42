"""How the values of a column are stored, learnt from a sample: SQLite lets any column hold anything.

The form only decides which SQL is fast; every expression guards itself and leaves what does not fit the form to an
exact function, so a wrong guess costs time and never a value. The one exception is the separator of a text cursor
(blank or T), which the comparison with a window's edges relies on: it is read off the smallest and the greatest
cursor too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from halfopen.sources.exact import Scalar

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(?:\.\d+)?(Z|\+00:00)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d([ T].*)?", re.ASCII)
_MILLISECONDS_FROM: Final = 100_000_000_000
_MICROSECONDS_FROM: Final = _MILLISECONDS_FROM * 1000


class Shape(Enum):
    """What all values of a sample have in common."""

    UNKNOWN = auto()
    """Nothing was seen, or no two values agree: only the exact functions are right."""
    STAMP = auto()
    """Text `YYYY-MM-DD HH:MM:SS`, blank or T, perhaps a fraction, perhaps Z or +00:00."""
    DAY = auto()
    """Text that begins with `YYYY-MM-DD`."""
    EPOCH = auto()
    """Numbers of `unit` parts of a second since the epoch."""
    INTEGER = auto()
    TEXT = auto()
    REAL = auto()


@dataclass(frozen=True, slots=True)
class Form:
    """The shape of a column.

    lengths: lengths of the stamps seen. suffix: "" or "Z" or "+00:00", "mixed" when the stamps differ in it.
    unit: parts of a second that epoch numbers count. blobs: some values are blobs.
    """

    shape: Shape = Shape.UNKNOWN
    separator: str = " "
    suffix: str = ""
    lengths: tuple[int, ...] = ()
    unit: int = 1
    blobs: bool = False


UNKNOWN: Final = Form()


def stamps(values: Iterable[Scalar]) -> Form:
    """The form of a column of moments."""
    seen = [value for value in values if value is not None]
    if seen and all(isinstance(value, int | float) for value in seen):
        return Form(Shape.EPOCH, unit=_unit(seen))
    matches = [_STAMP.fullmatch(value) if isinstance(value, str) else None for value in seen]
    if not seen or not all(matches):
        return UNKNOWN
    found = [match for match in matches if match is not None]
    separators = {match[1] for match in found}
    suffixes = {match[2] or "" for match in found}
    if len(separators) != 1:
        return UNKNOWN
    suffix = suffixes.pop() if len(suffixes) == 1 else "mixed"
    return Form(Shape.STAMP, separators.pop(), suffix, tuple(sorted({len(match[0]) for match in found})))


def days(values: Iterable[Scalar]) -> Form:
    """The form of a column of dates."""
    seen = [value for value in values if value is not None]
    if seen and all(isinstance(value, str) and _DAY.fullmatch(value) for value in seen):
        return Form(Shape.DAY)
    return UNKNOWN


def numbers(values: Iterable[Scalar]) -> Form:
    """The form of a column of numbers."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return Form(Shape.INTEGER)
    if kinds in ({float}, {int, float}):
        return Form(Shape.REAL)
    if kinds == {str}:
        return Form(Shape.TEXT)
    return UNKNOWN


def texts(values: Iterable[Scalar]) -> Form:
    """The form of a column of texts."""
    return Form(Shape.TEXT, blobs=any(isinstance(value, bytes) for value in values))


def _unit(values: Iterable[Scalar]) -> int:
    greatest = max(abs(value) for value in values if isinstance(value, int | float))
    return 1 if greatest < _MILLISECONDS_FROM else 1000 if greatest < _MICROSECONDS_FROM else 1_000_000
