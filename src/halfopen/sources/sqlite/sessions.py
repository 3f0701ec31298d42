"""Game sessions out of single actions, by the three steps of the requirements ("Casino Game Activity").

1. sessions with an action in the window; 2. all their actions, whatever their time; 3. one row a session. Sums are
exact: integers are summed in two halves that cannot overflow, all else by an aggregate function of ours, because SQLite
sums text as floats. A rollback takes back a bet, or a win where its amount is negative. A plain column holds the value
of most of the session's actions; of equally many the one that came first, then the smaller.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection, Sessions
from halfopen.sources.sqlite.cut import Cut
from halfopen.sources.sqlite.forms import UNKNOWN, Form, Shape
from halfopen.sources.sqlite.lines import name, text

if TYPE_CHECKING:
    from collections.abc import Callable

_HALF: Final = 1_000_000_000
_SUMS: Final = ("bet_amount", "win_amount")
_COUNTS: Final = ("bet_count", "win_count")
_OUTER: Final = "halfopen_sums"
_SESSION: Final = "halfopen_session"
_STAMPS: Final = {"created_at": "min", "updated_at": "max"}


@dataclass(frozen=True, slots=True)
class Summed:
    """A relation of sessions with the columns of the answer, and the forms that these have."""

    relation: str
    columns: tuple[Column, ...]
    forms: tuple[Form, ...]
    parameters: tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True)
class Actions:
    """Which sessions are wanted, as a SELECT, and what the greatest of is their `updated_at`: microseconds."""

    touched: str
    last: str


def summed(
    selection: Selection,
    forms: dict[str, Form],
    stamps: Form,
    cut: Cut | None,
    limit: int | None = None,
    *,
    actions: Actions | None = None,
) -> Summed:
    """One row a session; `forms` are those of the plain columns, `stamps` that of the actions' stamps.

    The sessions with an action in the window, or those of `actions`.
    """
    sessions = selection.sessions
    if sessions is None:
        raise ValueError(f"{selection.feed}: rows are sessions already")
    plain = {column.name: column for column in selection.columns}
    columns = tuple(_column(field, plain, sessions) for field in selection.names)
    stamp = _stamp(sessions, stamps, selection.zone)
    made = {**forms, **dict.fromkeys(_STAMPS, stamp.form), **dict.fromkeys(_COUNTS, Form(Shape.INTEGER))}
    if actions is not None:
        made["updated_at"] = Form(Shape.EPOCH, unit=1_000_000)
    touched = actions.touched if actions else _touched(selection, sessions, cut, limit)
    sums = [f"{sessions.session_id} as {_SESSION}"]
    values = []
    for column in columns:
        if column.name in plain:
            sql, low, high = plain[column.name].sql, name(f"low {column.name}"), name(f"high {column.name}")
            sums += [f"min({sql}) as {low}", f"max({sql}) as {high}"]
            most = _dominant(sql, selection, sessions)
            values.append(f"case when {low} is {high} then {low} else {most} end as {name(column.name)}")
        elif column.name == "updated_at" and actions is not None:
            sums.append(f"max({actions.last}) as {name(column.name)}")
            values.append(name(column.name))
        else:
            sums.append(f"{_value(column.name, sessions, stamp)} as {name(column.name)}")
            values.append(name(column.name))
    relation = (
        f"(select {', '.join(values)} from (select {', '.join(sums)} from {selection.relation} "
        f"where {_filter(selection)} and ({sessions.session_id}) in ({touched}) "
        f"group by {sessions.session_id}) as {_OUTER})"
    )
    return Summed(
        relation,
        tuple(replace(column, sql=name(column.name)) for column in columns),
        tuple(made.get(column.name, UNKNOWN) for column in columns),
        cut.parameters if cut else (),
    )


def _touched(selection: Selection, sessions: Sessions, cut: Cut | None, limit: int | None) -> str:
    inside = f" and {cut.sql}" if cut else ""
    most = "" if limit is None else f" limit {limit}"
    return f"select distinct {sessions.session_id} from {selection.relation} where {_filter(selection)}{inside}{most}"


def _filter(selection: Selection) -> str:
    return f"({selection.where})" if selection.where else "true"


def _column(field: str, plain: dict[str, Column], sessions: Sessions) -> Column:
    if field in plain:
        return plain[field]
    if field in _SUMS:
        return Column(name=field, kind=Kind.DECIMAL, sql=field, divisor=sessions.divisor)
    if field in _COUNTS:
        return Column(name=field, kind=Kind.INTEGER, sql=field)
    if field in _STAMPS:
        return Column(name=field, kind=Kind.DATETIME, sql=field)
    return Column(name=field, kind=Kind.STRING, sql=sessions.session_id)


@dataclass(frozen=True, slots=True)
class _Stamp:
    sql: str
    form: Form


def _stamp(sessions: Sessions, form: Form, zone: str) -> _Stamp:
    """What first and last are found by: the raw stamp where it sorts as time does, else microseconds."""
    if form.shape is Shape.EPOCH or (form.shape is Shape.STAMP and form.suffix != "mixed" and zone == "UTC"):
        return _Stamp(sessions.created_at, form)
    return _Stamp(f"halfopen_micros({sessions.created_at}, {text(zone)})", Form(Shape.EPOCH, unit=1_000_000))


def _value(field: str, sessions: Sessions, stamp: _Stamp) -> str:
    makers: dict[str, Callable[[], str]] = {
        "bet_count": lambda: f"({_count(_is_bet(sessions))} - {_count(_is_returned_bet(sessions))})",
        "win_count": lambda: _winning_rounds(sessions),
        "bet_amount": lambda: _sum(sessions, _is_bet(sessions), _is_returned_bet(sessions), "-1"),
        "win_amount": lambda: _sum(sessions, _is_win(sessions), _is_returned_win(sessions), "1"),
        "created_at": lambda: f"min({stamp.sql})",
        "updated_at": lambda: f"max({stamp.sql})",
    }
    return makers.get(field, lambda: sessions.session_id)()


def _is_bet(sessions: Sessions) -> str:
    return f"({sessions.kind}) in ({sessions.bet})"


def _is_win(sessions: Sessions) -> str:
    return f"({sessions.kind}) in ({sessions.win})"


def _is_returned_bet(sessions: Sessions) -> str:
    if sessions.rollback is None:
        return "false"
    return f"({sessions.kind}) in ({sessions.rollback}) and cast({sessions.amount} as real) >= 0"


def _is_returned_win(sessions: Sessions) -> str:
    if sessions.rollback is None:
        return "false"
    return f"({sessions.kind}) in ({sessions.rollback}) and cast({sessions.amount} as real) < 0"


def _count(condition: str) -> str:
    return f"count(case when {condition} then 1 end)"


def _winning_rounds(sessions: Sessions) -> str:
    won = f"{_is_win(sessions)} and cast({sessions.amount} as real) > 0"
    if sessions.round_id is None:
        return f"({_count(won)} - {_count(_is_returned_win(sessions))})"
    return f"count(distinct case when {won} then {sessions.round_id} end)"


def _sum(sessions: Sessions, added: str, returned: str, sign_of_returned: str) -> str:
    """Exact digits as text."""
    amount = sessions.amount
    sign = f"case when {added} then 1 when {returned} then {sign_of_returned} else 0 end"
    whole = f"filter (where typeof({amount}) = 'integer')"
    high = f"sum({sign} * (({amount}) / {_HALF})) {whole}"
    low = f"sum({sign} * (({amount}) % {_HALF})) {whole}"
    rest = f"halfopen_sum({amount}, {sign}) filter (where typeof({amount}) in ('text', 'real') and {sign} <> 0)"
    return f"halfopen_total({high}, {low}, {rest})"


def _dominant(sql: str, selection: Selection, sessions: Sessions) -> str:
    """Looked up only for sessions whose actions differ in the column."""
    return (
        f"(select v from (select {sessions.session_id} as s, {sql} as v, {sessions.created_at} as t "
        f"from {selection.relation} where {_filter(selection)}) where s = {_OUTER}.{_SESSION} and v is not null "
        f"group by v order by count(*) desc, min(t), v limit 1)"
    )
