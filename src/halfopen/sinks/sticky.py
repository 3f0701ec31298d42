"""Sticky fields of a key that comes more than once in an answer: what its versions come to, taken one after the other.

A null leaves a sticky value that is there, so the newest row alone does not tell what is to be stored: an older row of
the same answer may have brought the value that its null has to leave. The newest version that has a value counts, and
what is stored only where none has. Versions that are older than what is stored count for nothing, as they would alone.
"""

from halfopen.sinks.stage import Shape

RECORDED = ("players", "self_excluded")
"""Feed and field of which it is written down each time that it becomes true; see `sinks/exclusions.py`."""


def sticky(shape: Shape) -> dict[str, bool]:
    """Fields of an answer of this shape that have a value which no null replaces, with that value."""
    values = {name: shape.feed.fields[name].sticky for name in shape.present}
    return {name: value for name, value in values.items() if value is not None}


def recorded(shape: Shape) -> bool:
    """Whether an answer of this shape has the field that is written down."""
    return shape.name == RECORDED[0] and RECORDED[1] in shape.present


def left_by_null(newest: str, stored: str, value: bool) -> str:  # noqa: FBT001 - the field's sticky value
    """What a null leaves of a field, in SQL: `newest` is of the answer's versions that have a value."""
    return f"nullif(coalesce({newest}, {stored}), {str(not value).lower()})"
