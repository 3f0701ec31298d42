"""Where the rows of a JSON body are that starts with an object, when its dialect does not say.

Lines of rows, one envelope under a usual name, or neither: then the refusal says what to declare. A row may itself hold
a list called `data` or `items`, so a row is known by the names beside it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from halfopen.contract.model import Feed
from halfopen.sync.dialect import STAMPS
from halfopen.sync.refusal import Refusal
from halfopen.wire.json_outline import Holds, Outline, Path

USUAL: Final = ("data", "items", "results", "rows", "records", "result")
"""Where rows are looked for without being told."""
_OK: Final = 200
_MOST_NAMES: Final = 8


@dataclass(frozen=True, slots=True)
class Names:
    """How a product names the key of a feed, its cursor, its required fields, and all of its fields; in lower case."""

    key: str
    cursors: frozenset[str]
    required: frozenset[str]
    fields: frozenset[str]

    @classmethod
    def of(cls, feed: Feed, columns: Mapping[str, str]) -> "Names":
        """`columns`: contract field to the product's name, where they differ."""

        def named(names: Iterable[str]) -> frozenset[str]:
            return _lower(columns.get(name, name) for name in names)

        (key,) = named([feed.key])
        return cls(key, named([feed.cursor]) | set(STAMPS), named(feed.required), named(feed.fields))

    def know_row(self, names: Iterable[str]) -> bool:
        """Whether these name a row's values rather than an envelope's, which may have an `id` and a `status` too."""
        given = _lower(names)
        return self.key in given and bool(self.cursors & given or self.required <= given)

    def know_some(self, names: Iterable[str]) -> bool:
        """Whether any of these is a field that a row has to have."""
        return bool((self.cursors | self.required | {self.key}) & _lower(names))


def rows_path(seen: Outline, names: Names, place: Callable[[str], str], shown: str) -> Path:
    """The names down to the rows; none for lines of rows.

    place: what to write where in the configuration, for rows at this path. shown: the body's beginning, quoted.

    Raises:
        Refusal: neither; it says where there are arrays, and what to declare.
    """
    given = _lower(seen.names)
    if seen.goes_on:
        if names.fields & given:
            return ()
        raise Refusal(
            "answered 200 with lines of objects that name no field; if the product names its fields otherwise, set"
            f" columns; found {_listed(seen.names)}",
            status=_OK,
        )
    if names.know_row(seen.names):
        return ()
    if usual := _usual(seen):
        return usual
    if Holds.OBJECTS not in seen.arrays.values() and not seen.is_closed:
        return ()  # broken, or longer than any row may be: the reader says where
    if names.key in given and set(seen.arrays.values()) <= {Holds.OTHERS}:
        return ()
    raise Refusal(_advice(seen, place, shown), status=_OK)


def _usual(seen: Outline) -> Path | None:
    for holds in (Holds.OBJECTS, Holds.NOTHING):
        for path in _holding(seen, holds):
            # Rows may follow an empty array, unless the end was seen.
            if len(path) == 1 and path[0] in USUAL and (seen.is_closed or holds is Holds.OBJECTS):
                return path
    return None


def _holding(seen: Outline, holds: Holds) -> list[Path]:
    return [path for path, found in seen.arrays.items() if found is holds]


def _advice(seen: Outline, place: Callable[[str], str], shown: str) -> str:
    """What to declare comes before what was found: the end of a long text is cut off."""
    for holds, what in ((Holds.OBJECTS, "an array of objects"), (Holds.NOTHING, "an empty array")):
        for path in _holding(seen, holds):
            if not any("." in name for name in path):
                where = ".".join(path)
                return (
                    f"answered 200 with an object that has {what} at {where!r}: if its rows are there, set"
                    f" {place(where)}; found {_listed(seen.names)}"
                )
    return f"answered 200 with an object in place of rows, and no array of objects in it: {shown}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:_MOST_NAMES])) or "no names"


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in names)
