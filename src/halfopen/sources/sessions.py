"""Game sessions out of single actions, by the three steps of the requirements ("Casino Game Activity"), for any engine.

1. sessions with an action in the window; 2. all their actions, whatever their time; 3. one row a session. A rollback
takes back a bet, or a win where its amount is negative. A plain column holds the value of most of the session's
actions; of equally many the one that came first, then the smaller.

An engine says in `Terms` how its own SQL counts, sums and compares; sums are exact in each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection, Sessions

T = TypeVar("T")
P = TypeVar("P")

SUMS: Final = ("bet_amount", "win_amount")
COUNTS: Final = ("bet_count", "win_count")
STAMPS: Final = ("created_at", "updated_at")

OUTER: Final = "halfopen_sums"
SESSION: Final = "halfopen_session"
"""What a session's id is called there, for whatever is looked up beside the sums."""
TOUCHED: Final = "halfopen_id"
"""The only column of a SELECT of the sessions wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """Which actions are summed up.

    relation: what they are read from. filter: which of them count. touched: a SELECT of the sessions wanted, as
    `TOUCHED`. last: what the greatest of is a session's `updated_at`, in UTC, where that is not the actions' own time.
    """

    relation: str
    filter: str
    touched: str
    last: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What sessions are summed up by, in an engine's SQL.

    name: a name, quoted. shown: a plain column of an action, as a value that sorts. same: compares two such values,
    nulls too. most: the value that most of a session's actions have. amount: an action's, as it is compared with 0.
    count: how many actions a condition holds for. distinct: how many values those have. total: the amounts of some
    actions plus or minus those of others, 0 where there are none. first, last: what `created_at` is the least of, and
    `updated_at` the greatest.
    """

    name: Callable[[str], str]
    shown: Callable[[Column], str]
    same: str
    most: Callable[[str], str]
    amount: str
    count: Callable[[str], str]
    distinct: Callable[[str, str], str]
    total: Callable[[str, str, str], str]
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Summed(Generic[T]):
    """A relation of sessions with the columns of the answer, and what the engine knows of their types."""

    relation: str
    columns: tuple[Column, ...]
    types: tuple[T, ...]

    def pieces(self, piece: Callable[[Column, T], P]) -> list[P]:
        """How each column is printed."""
        return [piece(column, type_) for column, type_ in zip(self.columns, self.types, strict=True)]


def summed(selection: Selection, actions: Actions, terms: Terms, types: Mapping[str, T], text: T) -> Summed[T]:
    """One row a session; `types` are those of the columns that are not `text`."""
    sessions = sessions_of(selection)
    plain = {column.name: column for column in selection.columns}
    columns = tuple(plain.get(field) or _column(field, sessions) for field in selection.names)
    sums = [f"{sessions.session_id} as {SESSION}"]
    values = []
    for column in columns:
        named = terms.name(column.name)
        if column.name in plain:
            shown = terms.shown(column)
            low, high = terms.name(f"low {column.name}"), terms.name(f"high {column.name}")
            sums += [f"min({shown}) as {low}", f"max({shown}) as {high}"]
            values.append(f"case when {low} {terms.same} {high} then {low} else {terms.most(shown)} end as {named}")
        else:
            sums.append(f"{_value(column.name, sessions, terms)} as {named}")
            values.append(f"{named} as {named}")
    relation = (
        f"(select {', '.join(values)} from (select {', '.join(sums)} from {actions.relation} "
        f"where {actions.filter} and ({sessions.session_id}) in ({actions.touched}) "
        f"group by {sessions.session_id}) as {OUTER}) as halfopen_sessions"
    )
    return Summed(
        relation,
        tuple(replace(column, sql=terms.name(column.name)) for column in columns),
        tuple(types.get(column.name, text) for column in columns),
    )


def sessions_of(selection: Selection) -> Sessions:
    """How the actions of a selection are summed up. ValueError where its rows are not actions."""
    if selection.sessions is None:
        raise ValueError(f"{selection.feed}: rows are sessions already")
    return selection.sessions


def all_actions(selection: Selection, inside: str, limit: int | None) -> Actions:
    """All actions of the sessions that have one where `inside` holds, "" for anywhere; of at most `limit` sessions."""
    wanted = f" and {inside}" if inside else ""
    most = "" if limit is None else f" limit {limit}"
    touched = (
        f"select distinct {sessions_of(selection).session_id} as {TOUCHED} from {selection.relation} "
        f"where {selection.filter}{wanted}{most}"
    )
    return Actions(relation=selection.relation, filter=selection.filter, touched=touched)


def most_frequent(selection: Selection, counted: str) -> Callable[[str], str]:
    """`Terms.most` of the actions that count; looked up only for sessions whose actions differ in the column."""
    sessions = sessions_of(selection)
    return lambda shown: (
        f"(select v from (select {sessions.session_id} as s, {shown} as v, {sessions.created_at} as t "
        f"from {selection.relation} where {counted}) as halfopen_actions "
        f"where s = {OUTER}.{SESSION} and v is not null group by v order by count(*) desc, min(t), v limit 1)"
    )


def _column(field: str, sessions: Sessions) -> Column:
    if field in SUMS:
        return Column(name=field, kind=Kind.DECIMAL, sql=field, divisor=sessions.divisor)
    if field in COUNTS:
        return Column(name=field, kind=Kind.INTEGER, sql=field)
    if field in STAMPS:
        return Column(name=field, kind=Kind.DATETIME, sql=field)
    return Column(name=field, kind=Kind.STRING, sql=sessions.session_id)


def _value(field: str, sessions: Sessions, terms: Terms) -> str:
    bet, win = (f"({sessions.kind}) in ({told})" for told in (sessions.bet, sessions.win))
    returned_bet, returned_win = "false", "false"
    if sessions.rollback is not None:
        returned = f"({sessions.kind}) in ({sessions.rollback}) and {terms.amount}"
        returned_bet, returned_win = f"{returned} >= 0", f"{returned} < 0"
    makers: dict[str, Callable[[], str]] = {
        "bet_count": lambda: f"({terms.count(bet)} - {terms.count(returned_bet)})",
        "win_count": lambda: _winning_rounds(sessions, terms, f"{win} and {terms.amount} > 0", returned_win),
        "bet_amount": lambda: terms.total(bet, "-", returned_bet),
        "win_amount": lambda: terms.total(win, "+", returned_win),
        "created_at": lambda: f"min({terms.first})",
        "updated_at": lambda: f"max({terms.last})",
    }
    return makers.get(field, lambda: sessions.session_id)()


def _winning_rounds(sessions: Sessions, terms: Terms, won: str, returned: str) -> str:
    if sessions.round_id is None:
        return f"({terms.count(won)} - {terms.count(returned)})"
    return terms.distinct(sessions.round_id, won)
