"""What a staged row becomes in a mirror, whichever: its values in their types, and what goes to `custom`.

SQL of the DuckDB that judges, over the relation `staged`.
"""

from halfopen.contract.ddl import column_type
from halfopen.contract.judge import typed
from halfopen.contract.model import FeedKind
from halfopen.contract.sql import literal, quote
from halfopen.sinks.stage import Shape
from halfopen.sinks.tokens import stored_text

BY_SEQUENCE = frozenset({FeedKind.AGGREGATE, FeedKind.SNAPSHOT})
"""Kinds of feeds whose cursor says nothing about which of two rows is newer."""


def typed_rows(shape: Shape, unreadable: tuple[str, ...], *, sound: bool = False) -> str:
    """All present columns in their mirror types, further ones as they are, unreadable fields also as `_raw_...`.

    `sound` promises that the judge found nothing.
    """
    raw = [f"_raw_{name}" for name in unreadable]
    extended = "".join(f", {quote(name)} AS {quote(f'_raw_{name}')}" for name in unreadable)
    table = f"(SELECT *{extended} FROM staged)" if raw else "staged"
    return _hidden(shape, typed(shape.feed, table, [*shape.present, *shape.extra_columns, *raw], sound=sound))


def listed_rows(shape: Shape) -> str:
    """The same of plain texts that come as lists, and `_a`, the place of a row's answer.

    The parameters are `_n`, `_a`, and `g0`, `g1` and so on in the order of the shape's fields and extras.
    """
    names = (*shape.present, *shape.extra_columns)
    fields = shape.feed.fields
    types = [column_type(fields[name]) if name in fields else "VARCHAR" for name in names]
    values = (
        f"unnest($g{place}::VARCHAR[]){'' if kind == 'VARCHAR' else f'::{kind}'} AS {quote(name)}"
        for place, (name, kind) in enumerate(zip(names, types, strict=True))
    )
    return _hidden(shape, f"SELECT unnest($_n::BIGINT[]) AS _n, {', '.join(values)}, unnest($_a::INTEGER[]) AS _a")


def _hidden(shape: Shape, inner: str) -> str:
    """Rows with their credentials as they may be kept."""
    secrets = [name for name in shape.present if shape.feed.fields[name].secret]
    if not secrets:
        return inner
    replaced = ", ".join(f"{stored_text(shape.feed, name, quote(name))} AS {quote(name)}" for name in secrets)
    return f"SELECT * REPLACE ({replaced}) FROM ({inner})"


def patch(shape: Shape, unreadable: tuple[str, ...]) -> str | None:
    """The JSON object of what goes to `custom`, nulls and all, over `typed_rows` as `t`; None where nothing can."""
    pairs = {
        name: stored_text(shape.feed, None, f"t.{column}")
        for name, column in zip(shape.extras, shape.extra_columns, strict=True)
    }
    for name in unreadable:
        raw = f"t.{quote(f'_raw_{name}')}"
        pairs[name] = f"CASE WHEN t.{quote(name)} IS NULL AND trim({raw}) <> '' THEN {raw} END"
    return f"json_object({', '.join(f'{literal(name)}, {value}' for name, value in pairs.items())})" if pairs else None
