"""Game sessions in MySQL's SQL: everything is added up as decimal."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from halfopen.sources import sessions
from halfopen.sources.base import Column, Selection
from halfopen.sources.mysql.lines import piece
from halfopen.sources.mysql.numbers import exact, exact_type
from halfopen.sources.mysql.sql import name
from halfopen.sources.mysql.types import Shape, Type
from halfopen.sources.sessions import OUTER, SESSION, TOUCHED, Actions, Summed, Terms

_INTEGER: Final = Type(Shape.INTEGER, 0)
_TEXT: Final = Type(Shape.TEXT)
_MOMENT: Final = Type(Shape.ZONED, 6)


def summed(selection: Selection, types: dict[str, Type], actions: Actions) -> Summed[Type]:
    """One row a session; `types` are those of the expressions over the actions."""
    told = sessions.sessions_of(selection)
    stamps, amounts = types[told.created_at], types[told.amount]
    amount = exact(told.amount, amounts)

    def shown(column: Column) -> str:
        # The wire's text of each action, because not every type has a least value.
        return f"convert({piece(column, types[column.sql], selection.zone).wire} using utf8mb4) collate utf8mb4_bin"

    terms = Terms(
        name=name,
        shown=shown,
        same="<=>",
        most=_most_frequent(selection, actions.filter),
        amount=amount,
        # A count is unsigned in no version, so that a difference may be negative.
        count=lambda condition: f"count(case when {condition} then 1 end)",
        distinct=lambda sql, condition: f"count(distinct case when {condition} then {sql} end)",
        total=lambda added, sign, returned: f"({_sum(amount, added)} {sign} {_sum(amount, returned)})",
        first=told.created_at,
        last=actions.last or told.created_at,
    )
    made = {
        # A sum of whole numbers is a decimal without places.
        **dict.fromkeys(sessions.SUMS, replace(exact_type(amounts), shape=Shape.DECIMAL)),
        **dict.fromkeys(sessions.COUNTS, _INTEGER),
        "session_id": types[told.session_id],
        "created_at": stamps,
        "updated_at": stamps if actions.last is None else _MOMENT,
    }
    # A table of its own: a LIMIT may not stand directly in IN, and a UNION there would be asked anew for each action.
    apart = replace(actions, touched=f"select {TOUCHED} from ({actions.touched}) as halfopen_touched")
    return sessions.summed(selection, apart, terms, made, _TEXT)


def _sum(amount: str, condition: str) -> str:
    """Exact: the sum of integers and of decimals is a decimal."""
    return f"coalesce(sum(case when {condition} then {amount} end), 0)"


def _most_frequent(selection: Selection, counted: str) -> Callable[[str], str]:
    """Without a derived table, into which the server would not take the session that is looked up."""
    told = sessions.sessions_of(selection)
    return lambda shown: (
        f"(select {shown} as halfopen_most from {selection.relation} where {counted} "
        f"and {told.session_id} = {OUTER}.{SESSION} and {shown} is not null "
        f"group by halfopen_most order by count(*) desc, min({told.created_at}), halfopen_most limit 1)"
    )
