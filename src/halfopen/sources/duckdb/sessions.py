"""Game sessions in DuckDB's SQL: everything is added up as decimal or as whole numbers."""

from typing import Final

from halfopen.sources import sessions
from halfopen.sources.base import Column, Selection
from halfopen.sources.duckdb.lines import piece
from halfopen.sources.duckdb.numbers import exact, trimmed
from halfopen.sources.duckdb.sql import name
from halfopen.sources.duckdb.types import Shape, Type
from halfopen.sources.sessions import Actions, Summed, Terms

_INTEGER: Final = Type("BIGINT", Shape.INTEGER)
_TEXT: Final = Type("VARCHAR", Shape.TEXT)
_MOMENT: Final = Type("TIMESTAMP", Shape.STAMP)
_WHOLE_OR_DECIMAL: Final = (Shape.INTEGER, Shape.DECIMAL)


def summed(selection: Selection, types: dict[str, Type], actions: Actions) -> Summed[Type]:
    """One row a session; `types` are those of the expressions over the actions."""
    told = sessions.sessions_of(selection)
    stamps, amounts = types[told.created_at], types[told.amount]
    as_is = amounts.shape in _WHOLE_OR_DECIMAL
    amount = exact(told.amount, amounts)

    def shown(column: Column) -> str:
        # The wire's text of each action, because not every type has a least value.
        return f"({piece(column, types[column.sql], selection.zone).csv})::varchar"

    def total(added: str, sign: str, returned: str) -> str:
        """Without the places that only our cast has given the amounts."""
        both = f"({_sum(amount, added)} {sign} {_sum(amount, returned)})"
        return both if as_is else trimmed(f"({both})::varchar")

    terms = Terms(
        name=name,
        shown=shown,
        same="is not distinct from",
        most=sessions.most_frequent(selection, actions.filter),
        amount=amount,
        count=lambda condition: f"count(*) filter (where {condition})",
        distinct=lambda sql, condition: f"count(distinct {sql}) filter (where {condition})",
        total=total,
        first=told.created_at,
        last=actions.last or told.created_at,
    )
    made = {
        **dict.fromkeys(sessions.SUMS, amounts if as_is else _TEXT),
        **dict.fromkeys(sessions.COUNTS, _INTEGER),
        "session_id": types[told.session_id],
        "created_at": stamps,
        "updated_at": stamps if actions.last is None else _MOMENT,
    }
    return sessions.summed(selection, actions, terms, made, _TEXT)


def _sum(amount: str, condition: str) -> str:
    """Exact: DuckDB sums whole numbers as hugeint and decimals as decimal."""
    return f"coalesce(sum({amount}) filter (where {condition}), 0)"
