r"""SQL that makes whole lines inside of SQLite, so that Python only joins blocks.

One `printf` a row was measured at a third of the time of a chain of `||`, and quoting every text with its `%w` (which
doubles double quotes) at half the time of asking each value whether it needs quotes. Null is told from the empty text
by a byte that no UTF-8 text holds: `"\xff"` is taken out of each block afterwards. Functions of ours are not called for
nulls: a column that is mostly null would cost a call into Python for each row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from halfopen.contract.model import Kind
from halfopen.sources.base import Column
from halfopen.sources.sqlite.forms import Form, Shape
from halfopen.wire.negotiate import Format

NULL_MARK: Final = b'"\xff"'
"""What a null text looks like in a block of CSV until it is taken out."""

T = TypeVar("T")

_NULL: Final = "cast(x'ff' as text)"
_MOST_ARGUMENTS: Final = 50
"""SQLite's functions take 100 arguments in the oldest builds; json_object uses two a member."""

_DAY: Final = "????-??-??"
"""As a pattern; what stands for the digits are digits where `julianday` reads it, at half the price of `[0-9]`."""
_WHOLE: Final = len("2024-01-01 12:00:00")
_MOST_PATTERNS: Final = 2

_TRUE: Final = "('1', '1.0', 't', 'true', 'y', 'yes', 'on')"
_FALSE: Final = "('0', '0.0', 'f', 'false', 'n', 'no', 'off')"


@dataclass(frozen=True, slots=True)
class Piece:
    """One value of a line: `csv` fills `slot` of the printf, `json` is a member's value."""

    slot: str
    csv: str
    json: str


def line(names: Sequence[str], pieces: Sequence[Piece], format_: Format) -> str:
    """The expression of one whole line, without its end."""
    if format_ is Format.CSV:
        return _chunked([(piece.slot, piece.csv) for piece in pieces])
    members = [f"{text(name)}, {piece.json}" for name, piece in zip(names, pieces, strict=True)]
    parts = [f"json_object({', '.join(part)})" for part in _parts(members)]
    if len(parts) == 1:
        return parts[0]
    inner = [f"substr({part}, 2, length({part}) - 2)" for part in parts]
    return "'{' || " + " || ',' || ".join(inner) + " || '}'"


def piece(column: Column, sql: str, form: Form, zone: str) -> Piece:
    """How a column's value is printed; `sql` is its expression."""
    if column.array:
        texts, array = (f"case {_known(sql, f'halfopen_{made}({sql})')}" for made in ("list", "array"))
        return Piece('"%w"', f"ifnull({texts}, {_NULL})", f"json(ifnull({array}, 'null'))")
    if column.kind is Kind.BOOLEAN:
        return _boolean(sql)
    if column.kind is Kind.DATETIME:
        return _read(stamp(sql, form, zone), sql)
    if column.kind is Kind.DATE:
        return _read(_day(sql, form), sql)
    if column.kind in (Kind.DECIMAL, Kind.INTEGER):
        return _number(column, sql, form)
    return _text(sql, form)


def stamp(sql: str, form: Form, zone: str) -> str:
    """A stored stamp as `YYYY-MM-DD HH:MM:SS` in UTC, floored; null where it is null or unreadable."""
    known = _known(sql, f"halfopen_stamp({sql}, {text(zone)})")
    if form.shape is Shape.EPOCH:
        whole = f"(cast({sql} as integer) - ({sql} < cast({sql} as integer)))"
        seconds = whole if form.unit == 1 else f"({whole} / {form.unit} - ({whole} % {form.unit} < 0))"
        return f"case when typeof({sql}) in ('integer', 'real') then datetime({seconds}, 'unixepoch') {known}"
    if form.shape is not Shape.STAMP or (zone != "UTC" and not form.suffix) or form.suffix == "mixed":
        return f"case {known}"
    floor = sql if form.lengths == (_WHOLE,) and not form.suffix else f"substr({sql}, 1, {_WHOLE})"
    if form.separator == "T":
        floor = f"substr({sql}, 1, 10) || ' ' || substr({sql}, 12, 8)"
    return f"case when {_is_like(sql, form)} then {floor} {known}"


def text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """An identifier, quoted."""
    return '"' + value.replace('"', '""') + '"'


def _is_like(sql: str, form: Form) -> str:
    """Whether a stamp is written as those of the sample: what is then printed as it is needs no quotes."""
    whole = f"{_DAY}{form.separator}??:??:??"
    is_one = f"julianday({sql}) > 0"
    if form.suffix:
        return f"({sql} glob '{whole}{form.suffix}' or {sql} glob '{whole}.*{form.suffix}') and {is_one}"
    alike = [whole + ("." + _digits(length - _WHOLE - 1) if length > _WHOLE else "") for length in form.lengths]
    if len(alike) <= _MOST_PATTERNS:
        return f"({' or '.join(f'{sql} glob {text(pattern)}' for pattern in alike)}) and {is_one}"
    lengths = ", ".join(map(str, form.lengths))
    return f"{sql} glob '{whole}*' and length({sql}) in ({lengths}) and substr({sql}, 20, 1) in ('', '.') and {is_one}"


def _digits(many: int) -> str:
    return "[0-9]" * many


def _text(sql: str, form: Form) -> Piece:
    if form.blobs:
        sql = f"case typeof({sql}) when 'blob' then lower(hex({sql})) else {sql} end"
    # printf ends a text at its first NUL; so does the JSON, that both formats tell the same.
    json = f"case when {sql} is null then null else printf('%s', {sql}) end"
    return Piece('"%w"', f"ifnull({sql}, {_NULL})", json)


def _boolean(sql: str) -> Piece:
    odd = f"lower(trim(cast({sql} as text)))"
    words = (
        f"case {sql} when 1 then 'true' when 0 then 'false' else case when {sql} is null or {odd} = '' then null "
        f"when {odd} in {_TRUE} then 'true' when {odd} in {_FALSE} then 'false' else {{other}} end end"
    )
    csv, json = words.format(other=_quoted(sql)), words.format(other=f"json_quote(cast({sql} as text))")
    return Piece("%s", csv, f"json(ifnull({json}, 'null'))")


def _number(column: Column, sql: str, form: Form) -> Piece:
    if column.divisor is not None:
        exact = f"halfopen_units({sql}, {column.divisor}, {_places(column)})"
        fast = _cents(sql, column.divisor) if form.shape is Shape.INTEGER and column.places is None else None
        when = f"when typeof({sql}) = 'integer' then {fast} " if fast else ""
        return _numeric(f"case {when}{_known(sql, exact)}", sql)
    if column.places is not None:
        return _numeric(f"case {_known(sql, f'halfopen_units({sql}, 1, {column.places})')}", sql)
    known = _known(sql, f"halfopen_number({sql})")
    if form.shape is Shape.INTEGER:
        return _numeric(f"case when typeof({sql}) = 'integer' then {sql} {known}", sql)
    if form.shape is not Shape.TEXT:
        return _numeric(f"case {known}", sql)
    guard = (
        f"{sql} glob '[0-9]*' and {sql} not glob '*[^0-9.]*' and {sql} not glob '0[0-9]*' "
        f"and {sql} not glob '*.*.*' and {sql} not glob '*.'"
    )
    return _numeric(f"case when {guard} then {sql} {known}", sql)


def _cents(sql: str, divisor: str) -> str | None:
    """Integer minor units by a power of ten, in digits."""
    places = len(divisor) - 1
    if divisor != "1" + "0" * places or not 0 < places < len(str(2**63)) - 1:
        return None
    return f"printf('%s%d.%0{places}d', iif({sql} < 0, '-', ''), abs({sql} / {divisor}), abs({sql} % {divisor}))"


def _numeric(plain: str, sql: str) -> Piece:
    """A number in plain digits; what is none goes out as its text."""
    other = f"case when {sql} is null or {sql} = '' then null else"
    return Piece(
        "%s",
        f"ifnull({plain}, {other} {_quoted(sql)} end)",
        f"json(coalesce({plain}, {other} json_quote(cast({sql} as text)) end, 'null'))",
    )


def _read(plain: str, sql: str) -> Piece:
    """A stamp or a day; what is none goes out as its text."""
    known = f"{sql} is null or {sql} = ''"
    return Piece(
        "%s",
        f"ifnull({plain}, case when {known} then null else {_quoted(sql)} end)",
        f"ifnull({plain}, case when {known} then null else cast({sql} as text) end)",
    )


def _known(sql: str, exact: str) -> str:
    """The end of a CASE: what is not null goes to a function of ours."""
    return f"when {sql} is not null then {exact} end"


def _day(sql: str, form: Form) -> str:
    known = _known(sql, f"halfopen_day({sql})")
    if form.shape is Shape.DAY:
        return f"case when {sql} glob '{_DAY}*' and julianday({sql}) > 0 then substr({sql}, 1, 10) {known}"
    return f"case {known}"


def _quoted(sql: str) -> str:
    return f"printf('\"%w\"', {sql})"


def _places(column: Column) -> str:
    return "null" if column.places is None else str(column.places)


def _chunked(slots: Sequence[tuple[str, str]]) -> str:
    return " || ',' || ".join(
        f"printf('{','.join(slot for slot, _ in part)}', {', '.join(sql for _, sql in part)})" for part in _parts(slots)
    )


def _parts(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[at : at + _MOST_ARGUMENTS] for at in range(0, len(values), _MOST_ARGUMENTS)]
