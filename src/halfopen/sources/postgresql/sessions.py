"""Game sessions in PostgreSQL's SQL: everything is added up as numeric."""

from typing import Final

from halfopen.sources import sessions
from halfopen.sources.base import Column, Selection
from halfopen.sources.postgresql.lines import number, piece
from halfopen.sources.postgresql.sql import name
from halfopen.sources.postgresql.types import Shape, Type
from halfopen.sources.sessions import Actions, Summed, Terms

_INTEGER: Final = Type("int8", Shape.INTEGER)
_NUMERIC: Final = Type("numeric", Shape.NUMERIC)
_TEXT: Final = Type("text", Shape.TEXT)
_MOMENT: Final = Type("timestamptz", Shape.ZONED)


def summed(selection: Selection, types: dict[str, Type], actions: Actions) -> Summed[Type]:
    """One row a session; `types` are those of the expressions over the actions."""
    told = sessions.sessions_of(selection)
    stamps = types[told.created_at]
    amount = number(told.amount, types[told.amount])

    def shown(column: Column) -> str:
        # The wire's text of each action, because not every type has a least value.
        return f'({piece(column, types[column.sql], selection.zone).csv})::text collate "C"'

    terms = Terms(
        name=name,
        shown=shown,
        same="is not distinct from",
        most=sessions.most_frequent(selection, actions.filter),
        amount=amount,
        count=lambda condition: f"count(*) filter (where {condition})",
        distinct=lambda sql, condition: f"count(distinct {sql}) filter (where {condition})",
        total=lambda added, sign, returned: f"({_sum(amount, added)} {sign} {_sum(amount, returned)})",
        first=told.created_at,
        last=actions.last or told.created_at,
    )
    made = {
        **dict.fromkeys(sessions.SUMS, _NUMERIC),
        **dict.fromkeys(sessions.COUNTS, _INTEGER),
        "session_id": types[told.session_id],
        "created_at": stamps,
        "updated_at": stamps if actions.last is None else _MOMENT,
    }
    return sessions.summed(selection, actions, terms, made, _TEXT)


def _sum(amount: str, condition: str) -> str:
    """Exact: as numeric, also where the amounts are integers that together would overflow."""
    return f"coalesce(sum(({amount})::numeric) filter (where {condition}), 0)"
