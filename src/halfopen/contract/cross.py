"""What is judged beyond a text's own kind: a least value, order of stamps, counts against sums, bare card numbers.

Never a reason to give up a row. As in `contract/checks.py`, `doubt` is cheap and sees every row; `condition` sees the
rows of which it is true, and finds the typed values of the row under `value_name`.
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
            yield _order(earlier, later)
    for counted in feed.counted:
        if counted.count in columns and counted.amount in columns:
            yield _contradiction(counted)


def value_name(name: str) -> str:
    """The quoted identifier under which the typed value of a field stands."""
    return quote(f"{name}=")


def _least(feed: Feed, name: str, minimum: int) -> Cross:
    column, value = quote(name), value_name(name)
    if minimum == 0:
        return Cross("negative_amount", name, f"starts_with({column}, '-')", f"{value} < 0", column)
    doubt = f"({check(feed.fields[name], column).typed}) < {minimum}"
    return Cross("below_minimum", name, doubt, f"{value} < {minimum}", column)


def _noise(name: str) -> Cross:
    column = quote(name)
    significant = f"strlen(ltrim(replace(replace({column}, '-', ''), '.', ''), '0'))"
    fewest, most = grammar.NOISE_DIGITS
    doubt = f"strlen({column}) > {fewest} AND {matches(column, grammar.FLOAT_NOISE)}"
    return Cross("float_noise", name, doubt, f"{significant} BETWEEN {fewest} AND {most}", column)


def _unmasked(name: str) -> Cross:
    column = quote(name)
    masked = f"repeat('*', length({column}) - 4) || right({column}, 4)"
    return Cross("unmasked_requisite", name, matches(column, grammar.CARD), _luhn(column), masked)


def _luhn(column: str) -> str:
    """ISO/IEC 7812-1, annex B: from the right, every second digit doubled and its digits added; all divide by 10."""
    digits = f"reverse(replace(replace({column}, ' ', ''), '-', ''))"
    single, double = "'0123456789'", "'0246813579'"
    places = (
        f"coalesce(TRY_CAST(translate({digits}[{place}], {single}, {single if place % 2 else double}) AS INTEGER), 0)"
        for place in range(1, _CARD_DIGITS + 1)
    )
    return f"({' + '.join(places)}) % 10 = 0"


def _order(earlier: str, later: str) -> Cross:
    """Fractions may be cut from one of the two, so whole seconds are compared."""
    before, after = quote(earlier), quote(later)
    # Texts of the plain form sort as moments do; any other form is longer, or unreadable.
    doubt = f"{after} <> '' AND ({before} > {after} OR strlen({before}) <> 19 OR strlen({after}) <> 19)"
    seconds = (f"date_trunc('second', {value_name(name)})" for name in (earlier, later))
    return Cross("created_after_updated", earlier, doubt, " > ".join(seconds), before)


def _contradiction(counted: Counted) -> Cross:
    count, amount = value_name(counted.count), value_name(counted.amount)
    none, some = f"{quote(counted.count)} < '1'", f"ltrim({quote(counted.amount)}, '-0.') <> ''"
    if counted.free:
        doubt, condition = f"{none} AND {some}", f"{count} = 0 AND {amount} <> 0"
    else:
        doubt, condition = f"({none}) = ({some})", f"({count} = 0) <> ({amount} = 0)"
    return Cross("count_without_amount", counted.count, doubt, condition, quote(counted.count))
