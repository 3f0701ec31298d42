"""What the first object of a JSON body is made of, as far as its beginning tells: its names, and where arrays are.

For answers that wrap their rows in a way that nobody declared: whether they are lines of rows or one envelope, and
where in the envelope the rows may be.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

from halfopen.wire.json_envelope import TOKEN, Walk

Path = tuple[str, ...]

_DEEPEST: Final = 4
# Numbers are of no interest here, and as texts none is too long.
_FIRST: Final = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode
_NEXT: Final = re.compile(rb"[ \t\r\n]*+([^ \t\r\n])")


class Holds(Enum):
    """What an array begins with."""

    OBJECTS = auto()
    NOTHING = auto()
    OTHERS = auto()


@dataclass(kw_only=True, slots=True)
class Outline:
    """The first object of a body.

    names: at its top, as far as seen. arrays: by the names that lead to them, in their order; none that lies in
    another array. is_closed: whether the object was seen to end. goes_on: whether another object follows it; None
    where that lies further on.
    """

    names: tuple[str, ...] = ()
    arrays: dict[Path, Holds] = field(default_factory=dict)
    is_closed: bool = False
    goes_on: bool | None = None

    @property
    def tells(self) -> bool:
        """Whether more of the body is not needed to know where rows are."""
        return self.goes_on is not None or (not self.is_closed and Holds.OBJECTS in self.arrays.values())


def outline(head: bytes, *, is_whole: bool) -> Outline:
    """What the beginning of a body tells, which starts with `{`; is_whole: whether nothing comes after `head`.

    An object that does not end within `head` is looked at up to its first array of objects; the outline of one that is
    broken says what stands before the damage.
    """
    text = head.decode("utf-8", "replace")
    try:
        document, end = _FIRST(text)
    except (ValueError, RecursionError):
        return _walked(head)
    rest = text[end:].lstrip()
    return Outline(
        names=tuple(document),
        arrays=dict(_arrays(document, ())),
        is_closed=True,
        goes_on=rest.startswith("{") if rest or is_whole else None,
    )


def _arrays(value: Any, path: Path) -> Iterator[tuple[Path, Holds]]:
    if isinstance(value, list):
        first = value[0] if value else None
        yield path, Holds.OBJECTS if isinstance(first, dict) else Holds.OTHERS if value else Holds.NOTHING
    elif isinstance(value, dict) and len(path) < _DEEPEST:
        for name, inner in value.items():
            yield from _arrays(inner, (*path, name))


def _walked(head: bytes) -> Outline:
    walk, found, names, at = Walk(), Outline(), dict[str, None](), 0
    while not found.tells and (token := TOKEN.match(head, at)):
        at = token.end()
        path = tuple(name for name in walk.names if name is not None)
        # An array whose beginning is not there any more is no news: more of the body will tell.
        if token[2] == b"[" and 0 < len(path) == len(walk.names) <= _DEEPEST and (first := _NEXT.match(head, at)):
            found.arrays[path] = _BEGINNINGS.get(first[1], Holds.OTHERS)
        walk.take(token[1], token[2])
        if not walk.names:
            break
        if len(walk.names) == 1 and walk.names[0]:
            names[walk.names[0]] = None
    found.names = tuple(names)
    return found


_BEGINNINGS: Final = {b"{": Holds.OBJECTS, b"]": Holds.NOTHING}
