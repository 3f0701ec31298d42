"""Cursors: rows whose cursor is null are never served. Pure."""

from dataclasses import replace
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import FeedKind
from halfopen.serve.init.expression import Choice, column, joined
from halfopen.serve.init.own import in_order
from halfopen.serve.init.scope import A_STEP, Scope
from halfopen.sources.schema import Table

_CREATED: Final = {"players": "registered_at"}
_WHOLE: Final = 0.8


def settle(scope: Scope, feed: str, table: Table, found: dict[str, Choice]) -> None:
    """Falls back on the creation stamp: for rows whose cursor is null, and for a table without one."""
    described = feeds()[feed]
    created = found.get(_CREATED.get(feed, "created_at"))
    cursor = found.get(described.cursor)
    if described.kind is not FeedKind.MUTABLE or created is None:
        return
    if cursor is None:
        cursor = _of_profile(scope, feed, table)
        if cursor is not None:
            both = joined("coalesce({0}, {1})", (cursor.expression, created.expression))
            found[described.cursor] = replace(cursor, expression=both)
            return
        if described.fields[described.cursor].required:
            found[described.cursor] = replace(
                created, score=created.score * 0.75, ground=f"{created.ground} (the stamp of making)"
            ).doubted("no column says when a row changes, so changes will not be seen", 1.0)
        return
    if not cursor.expression.is_column or not created.expression.is_column:
        return
    changed, made = (scope.column(table, choice) for choice in (cursor, created))
    if not in_order(made, changed):
        doubt = f"in some rows {made.name} is later than {changed.name}"
        first = _CREATED.get(feed, "created_at")
        found |= {first: created.doubted(doubt), described.cursor: cursor.doubted(doubt)}
        return
    is_sound = changed.null_share == 0 and cursor.score >= 0.9  # noqa: PLR2004 - "updated", not "settled"
    if changed.nullable and not is_sound and changed.type == made.type and changed.name != made.name:
        found[described.cursor] = replace(
            cursor, expression=joined("coalesce({0}, {1})", (cursor.expression, created.expression)),
            ground=f"{cursor.ground}; before that, {made.name}",
        )  # fmt: skip


def _of_profile(scope: Scope, feed: str, table: Table) -> Choice | None:
    """The stamp of a row that belongs to this one alone, as a profile does to a user."""
    for link in scope.links.of[table.name]:
        if not link.backwards or link.target in scope.roles.values():
            continue
        best = scope.matcher.best(feed, feeds()[feed].cursor, scope.table(link.target))
        if best is not None and best.score >= _WHOLE:
            choice = Choice(column(best.column.name, (link,)), best.score * A_STEP, link.ground)
            return choice.doubted(f"changes of {table.name} itself are seen only when {link.target} changes too")
    return None
