"""Game sessions in SQLite's SQL.

Sums are exact: integers are summed in two halves that cannot overflow, all else by an aggregate function of ours,
because SQLite sums text as floats.
"""

from dataclasses import dataclass
from typing import Final

from halfopen.sources import sessions
from halfopen.sources.base import Selection, Sessions
from halfopen.sources.sessions import Actions, Summed, Terms
from halfopen.sources.sqlite.forms import UNKNOWN, Form, Shape
from halfopen.sources.sqlite.lines import name, text

_HALF: Final = 1_000_000_000
_MICROSECONDS: Final = Form(Shape.EPOCH, unit=1_000_000)


def summed(selection: Selection, forms: dict[str, Form], stamps: Form, actions: Actions) -> Summed[Form]:
    """One row a session; `forms` are those of the plain columns, `stamps` that of the actions' stamps.

    `Actions.last` is in microseconds.
    """
    told = sessions.sessions_of(selection)
    stamp = _stamp(told, stamps, selection.zone)
    terms = Terms(
        name=name,
        shown=lambda column: column.sql,
        same="is",
        most=sessions.most_frequent(selection, actions.filter),
        amount=f"cast({told.amount} as real)",
        count=lambda condition: f"count(case when {condition} then 1 end)",
        distinct=lambda sql, condition: f"count(distinct case when {condition} then {sql} end)",
        total=lambda added, sign, returned: _total(told.amount, added, sign, returned),
        first=stamp.sql,
        last=actions.last or stamp.sql,
    )
    made = {
        **forms,
        **dict.fromkeys(sessions.COUNTS, Form(Shape.INTEGER)),
        "created_at": stamp.form,
        "updated_at": stamp.form if actions.last is None else _MICROSECONDS,
    }
    return sessions.summed(selection, actions, terms, made, UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Stamp:
    sql: str
    form: Form


def _stamp(told: Sessions, form: Form, zone: str) -> _Stamp:
    """What first and last are found by: the raw stamp where it sorts as time does, else microseconds."""
    if form.shape is Shape.EPOCH or (form.shape is Shape.STAMP and form.suffix != "mixed" and zone == "UTC"):
        return _Stamp(told.created_at, form)
    return _Stamp(f"halfopen_micros({told.created_at}, {text(zone)})", _MICROSECONDS)


def _total(amount: str, added: str, sign_of_returned: str, returned: str) -> str:
    """Exact digits as text."""
    sign = f"case when {added} then 1 when {returned} then {'-1' if sign_of_returned == '-' else '1'} else 0 end"
    whole = f"filter (where typeof({amount}) = 'integer')"
    high = f"sum({sign} * (({amount}) / {_HALF})) {whole}"
    low = f"sum({sign} * (({amount}) % {_HALF})) {whole}"
    rest = f"halfopen_sum({amount}, {sign}) filter (where typeof({amount}) in ('text', 'real') and {sign} <> 0)"
    return f"halfopen_total({high}, {low}, {rest})"
