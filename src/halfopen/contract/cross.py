"""What is judged beyond a text's own kind: a least value, order of stamps, counts against sums, bare card numbers.

Never a reason to give up a row. As in `contract/checks.py`, `doubt` is cheap and sees every row, `condition` is
exact and sees the doubtful ones.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from halfopen.contract import grammar
from halfopen.contract.checks import check, matches
from halfopen.contract.model import Counted, Feed, Kind
from halfopen.contract.sql import quote

_CARD_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Cross:
    """A finding `code` about `field`, with the SQL that suspects it, decides it, and quotes the value."""

    code: str
    field: str
    doubt: str
    condition: str
    value: str


def crosses(feed: Feed, columns: Collection[str]) -> Iterator[Cross]:
    """All that can be judged of a feed when these columns are present."""
    for name, field in feed.fields.items():
        if name not in columns:
            continue
        if field.minimum is not None:
            yield _least(feed, name, field.minimum)
        if field.kind is Kind.DECIMAL:
            yield _noise(name)
        if field.masked:
            yield _unmasked(name)
    for earlier, later in feed.order:
        if earlier in columns and later in columns:
            yield _order(feed, earlier, later)
    for counted in feed.counted:
        if counted.count in columns and counted.amount in columns:
            yield _contradiction(feed, counted)


def _least(feed: Feed, name: str, minimum: int) -> Cross:
    column, value = f'"{name}"', _value(feed, name)
    below = f"{value} < {minimum}"
    if minimum == 0:
        return Cross("negative_amount", name, f"starts_with({column}, '-')", below, column)
    return Cross("below_minimum", name, below, below, column)


def _noise(name: str) -> Cross:
    column = f'"{name}"'
    significant = f"strlen(ltrim(replace(replace({column}, '-', ''), '.', ''), '0'))"
    fewest, most = grammar.NOISE_DIGITS
    doubt = f"strlen({column}) > {fewest} AND {matches(column, grammar.FLOAT_NOISE)}"
    return Cross("float_noise", name, doubt, f"{doubt} AND {significant} BETWEEN {fewest} AND {most}", column)


def _unmasked(name: str) -> Cross:
    column = f'"{name}"'
    doubt = matches(column, grammar.CARD)
    masked = f"repeat('*', length({column}) - 4) || right({column}, 4)"
    return Cross("unmasked_requisite", name, doubt, f"CASE WHEN {doubt} THEN {_luhn(column)} END", masked)


def _luhn(column: str) -> str:
    """ISO/IEC 7812-1, annex B: from the right, every second digit doubled and its digits added; all divide by 10."""
    digits = f"reverse(replace(replace({column}, ' ', ''), '-', ''))"
    single, double = "'0123456789'", "'0246813579'"
    places = (
        f"coalesce(TRY_CAST(translate({digits}[{place}], {single}, {single if place % 2 else double}) AS INTEGER), 0)"
        for place in range(1, _CARD_DIGITS + 1)
    )
    return f"({' + '.join(places)}) % 10 = 0"


def _order(feed: Feed, earlier: str, later: str) -> Cross:
    """Texts of the plain form sort as moments do; any other form is in doubt already. Fractions may be cut by one."""
    before, after = (f"date_trunc('second', {_value(feed, name)})" for name in (earlier, later))
    doubt = f'"{later}" <> \'\' AND "{earlier}" > "{later}"'
    return Cross("created_after_updated", earlier, doubt, f"{before} > {after}", f'"{earlier}"')


def _contradiction(feed: Feed, counted: Counted) -> Cross:
    count, amount = _value(feed, counted.count), _value(feed, counted.amount)
    nothing_for_some = f"({count} = 0 AND {amount} <> 0)"
    some_for_nothing = f"({count} <> 0 AND {amount} = 0)"
    doubt = f"starts_with(\"{counted.count}\", '0') AND {nothing_for_some}"
    condition = nothing_for_some
    if not counted.free:
        doubt = f"({doubt}) OR ((\"{counted.amount}\" < '1') AND {some_for_nothing})"
        condition = f"{nothing_for_some} OR {some_for_nothing}"
    return Cross("count_without_amount", counted.count, doubt, condition, f'"{counted.count}"')


def _value(feed: Feed, name: str) -> str:
    return f"({check(feed.fields[name], quote(name)).typed})"
