"""Game sessions out of single actions, by the three steps of the requirements ("Casino Game Activity").

1. sessions with an action in the window; 2. all their actions, whatever their time; 3. one row a session. Sums are
exact: everything is added up as decimal or as whole numbers. A rollback takes back a bet, or a win where its amount is
negative. A plain column holds the value of most of the session's actions; of equally many the one that came first, then
the smaller.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection, Sessions
from halfopen.sources.duckdb.cut import cut
from halfopen.sources.duckdb.lines import piece
from halfopen.sources.duckdb.numbers import exact, trimmed
from halfopen.sources.duckdb.sql import name
from halfopen.sources.duckdb.types import Shape, Type
from halfopen.window.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

_SUMS: Final = ("bet_amount", "win_amount")
_COUNTS: Final = ("bet_count", "win_count")
_STAMPS: Final = ("created_at", "updated_at")
_OUTER: Final = "halfopen_sums"
_SESSION: Final = "halfopen_session"

_INTEGER: Final = Type("BIGINT", Shape.INTEGER)
_TEXT: Final = Type("VARCHAR", Shape.TEXT)
_MOMENT: Final = Type("TIMESTAMP", Shape.STAMP)
_WHOLE_OR_DECIMAL: Final = (Shape.INTEGER, Shape.DECIMAL)


@dataclass(frozen=True, slots=True)
class Summed:
    """A relation of sessions with the columns of the answer, and the types that these have."""

    relation: str
    columns: tuple[Column, ...]
    types: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Actions:
    """Which actions are summed up in a sealed window.

    relation: what they are read from. touched: a SELECT of the sessions wanted. last: what the greatest of is a
    session's `updated_at`; a timestamp in UTC.
    """

    relation: str
    touched: str
    last: str


def summed(
    selection: Selection,
    types: dict[str, Type],
    window: Window | None,
    limit: int | None = None,
    *,
    actions: Actions | None = None,
) -> Summed:
    """One row a session; `types` are those of the expressions over the actions.

    The sessions with an action in the window, or those of `actions`.
    """
    sessions = selection.sessions
    if sessions is None:
        raise ValueError(f"{selection.feed}: rows are sessions already")
    plain = {column.name: column for column in selection.columns}
    amounts = types[sessions.amount]
    made = {
        **dict.fromkeys(_SUMS, amounts if amounts.shape in _WHOLE_OR_DECIMAL else _TEXT),
        **dict.fromkeys(_COUNTS, _INTEGER),
        **dict.fromkeys(_STAMPS, types[sessions.created_at]),
        "session_id": types[sessions.session_id],
    }
    if actions is not None:
        made["updated_at"] = _MOMENT
    columns = tuple(plain.get(field) or _column(field, sessions) for field in selection.names)
    sums = [f"{sessions.session_id} as {_SESSION}"]
    values = []
    for column in columns:
        if column.name in plain:
            # The wire's text of each action, because not every type has a least value.
            text = f"({piece(column, types[column.sql], selection.zone).csv})::varchar"
            low, high = name(f"low {column.name}"), name(f"high {column.name}")
            sums += [f"min({text}) as {low}", f"max({text}) as {high}"]
            most = _dominant(text, selection, sessions)
            values.append(f"case when {low} is not distinct from {high} then {low} else {most} end")
        elif column.name == "updated_at" and actions is not None:
            sums.append(f"max({actions.last}) as {name(column.name)}")
            values.append(name(column.name))
        else:
            sums.append(f"{_value(column.name, sessions, amounts)} as {name(column.name)}")
            values.append(name(column.name))
    told = ", ".join(f"{value} as {name(column.name)}" for value, column in zip(values, columns, strict=True))
    touched = actions.touched if actions else _touched(selection, sessions, types, window, limit)
    origin = actions.relation if actions else selection.relation
    relation = (
        f"(select {told} from (select {', '.join(sums)} from {origin} "
        f"where {_filter(selection)} and {sessions.session_id} in ({touched}) "
        f"group by {sessions.session_id}) as {_OUTER}) as halfopen_sessions"
    )
    return Summed(
        relation,
        tuple(replace(column, sql=name(column.name)) for column in columns),
        tuple(made.get(column.name, _TEXT) for column in columns),
    )


def _touched(
    selection: Selection, sessions: Sessions, types: dict[str, Type], window: Window | None, limit: int | None
) -> str:
    stamp = sessions.created_at
    inside = f" and {cut(stamp, types[stamp], selection.zone, window)}" if window else ""
    most = "" if limit is None else f" limit {limit}"
    return f"select distinct {sessions.session_id} from {selection.relation} where {_filter(selection)}{inside}{most}"


def _filter(selection: Selection) -> str:
    return f"({selection.where})" if selection.where else "true"


def _column(field: str, sessions: Sessions) -> Column:
    if field in _SUMS:
        return Column(name=field, kind=Kind.DECIMAL, sql=field, divisor=sessions.divisor)
    if field in _COUNTS:
        return Column(name=field, kind=Kind.INTEGER, sql=field)
    if field in _STAMPS:
        return Column(name=field, kind=Kind.DATETIME, sql=field)
    return Column(name=field, kind=Kind.STRING, sql=sessions.session_id)


def _value(field: str, sessions: Sessions, amounts: Type) -> str:
    amount = exact(sessions.amount, amounts)
    as_is = amounts.shape in _WHOLE_OR_DECIMAL
    bet = f"{sessions.kind} in ({sessions.bet})"
    win = f"{sessions.kind} in ({sessions.win})"
    returned_bet, returned_win = "false", "false"
    if sessions.rollback is not None:
        returned_bet = f"{sessions.kind} in ({sessions.rollback}) and {amount} >= 0"
        returned_win = f"{sessions.kind} in ({sessions.rollback}) and {amount} < 0"
    makers: dict[str, Callable[[], str]] = {
        "bet_count": lambda: f"({_count(bet)} - {_count(returned_bet)})",
        "win_count": lambda: _winning_rounds(sessions, f"{win} and {amount} > 0", returned_win),
        "bet_amount": lambda: _shown(f"({_sum(amount, bet)} - {_sum(amount, returned_bet)})", as_is=as_is),
        "win_amount": lambda: _shown(f"({_sum(amount, win)} + {_sum(amount, returned_win)})", as_is=as_is),
        "created_at": lambda: f"min({sessions.created_at})",
        "updated_at": lambda: f"max({sessions.created_at})",
    }
    return makers.get(field, lambda: sessions.session_id)()


def _count(condition: str) -> str:
    return f"count(*) filter (where {condition})"


def _winning_rounds(sessions: Sessions, won: str, returned: str) -> str:
    if sessions.round_id is None:
        return f"({_count(won)} - {_count(returned)})"
    return f"count(distinct {sessions.round_id}) filter (where {won})"


def _sum(amount: str, condition: str) -> str:
    """Exact: DuckDB sums whole numbers as hugeint and decimals as decimal."""
    return f"coalesce(sum({amount}) filter (where {condition}), 0)"


def _shown(sql: str, *, as_is: bool) -> str:
    """Without the places that only our cast has given the amounts."""
    return sql if as_is else trimmed(f"({sql})::varchar")


def _dominant(text: str, selection: Selection, sessions: Sessions) -> str:
    """Looked up only for sessions whose actions differ in the column."""
    return (
        f"(select v from (select {sessions.session_id} as s, {text} as v, {sessions.created_at} as t "
        f"from {selection.relation} where {_filter(selection)}) as halfopen_actions "
        f"where s = {_OUTER}.{_SESSION} and v is not null group by v order by count(*) desc, min(t), v limit 1)"
    )
