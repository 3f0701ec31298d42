"""What is plainly right, told in Python: a text about which the judge has nothing to say, and that any cast reads.

For the few rows of an ordinary minute DuckDB takes longer to plan the judge's SQL than anybody takes to look at them.
This look only acquits: whatever it has any doubt about goes to the judge, who alone names what is wrong. So it may be
stricter than the judge and never milder, and a property test holds it to that. It knows the contract's data and
`contract/values.py`; no rule of a feed is written here.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from halfopen.contract import grammar
from halfopen.contract.model import Counted, Feed, Field, Kind
from halfopen.contract.values import parse
from halfopen.errors import ValueProblem

Texts = Sequence[str | None]
_PRINTABLE = "!"
"""The first character after the blank and all that is below it."""
_MOMENT_LENGTH, _DATE_LENGTH = 19, 10
_MOMENT = re.compile(f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {grammar.TIME}")
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER = re.compile(grammar.PLAIN_INTEGER)
_DECIMAL = re.compile("-?[0-9]{1,20}(?:[.][0-9]{1,18})?")
_E164 = re.compile(grammar.E164)
_CARD = re.compile(grammar.CARD)
_NOISE = re.compile(grammar.FLOAT_NOISE)
_BOOLEANS = frozenset({"true", "false", "1", "0"})


class Plain:
    """The look at rows of one feed."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._tests = {name: _test(field) for name, field in feed.fields.items()}
        self._identifying = {name for name, f in feed.fields.items() if name == feed.key or f.refers_to is not None}

    def accepts(self, columns: Mapping[str, Texts]) -> bool:
        """Whether nothing can be wrong with rows whose fields have these texts, column by column; None is null.

        True promises: the judge finds nothing, no row is unusable, and a bare cast to the mirror's type reads every
        text. Columns that are no fields are not looked at.
        """
        feed = self._feed
        return (
            all(name in columns for name in feed.required)
            and all(self._is_plain(name, columns[name]) for name in feed.fields if name in columns)
            and all(_in_order(columns.get(earlier), columns.get(later)) for earlier, later in feed.order)
            and all(_agree(counted, columns) for counted in feed.counted)
        )

    def _is_plain(self, name: str, column: Texts) -> bool:
        needed, test = self._feed.fields[name].required, self._tests[name]
        distinct = set(column)
        if needed and None in distinct:
            return False
        texts = [text for text in distinct if text is not None]
        return (test is None or all(map(test, texts))) and _has_plain_ends(
            texts, identifies=name in self._identifying, needed=needed
        )


def _has_plain_ends(texts: Iterable[str], *, identifies: bool, needed: bool) -> bool:
    """No needed text is empty or begins with a blank, no identifier has blanks around it."""
    if identifies:
        return all(text >= _PRINTABLE and text[-1] >= _PRINTABLE if text else not needed for text in texts)
    return not needed or all(text >= _PRINTABLE for text in texts)


def _test(field: Field) -> Callable[[str], bool] | None:
    """Whether a text is plainly of the field's kind; None where every text is."""
    if field.kind is Kind.STRING:
        return _is_unmasked if field.masked else None
    if field.kind is Kind.DECIMAL:
        return _decimal(field.minimum)
    if field.kind is Kind.INTEGER:
        return _integer(field.minimum)
    return _TESTS.get(field.kind) or _looked_up(field)


def _is_moment(text: str) -> bool:
    if len(text) != _MOMENT_LENGTH or not _MOMENT.fullmatch(text) or text.startswith(grammar.ZERO_DATES):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    if len(text) != _DATE_LENGTH or not _DATE.fullmatch(text) or text in grammar.ZERO_DATES:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_unmasked(text: str) -> bool:
    return not _CARD.fullmatch(text)


def _decimal(minimum: int | None) -> Callable[[str], bool]:
    least = 0 if minimum is None else minimum
    noisy = grammar.NOISE_DIGITS[0]

    def test(text: str) -> bool:
        if not _DECIMAL.fullmatch(text) or (len(text) > noisy and _NOISE.fullmatch(text)):
            return False
        return minimum is None or (not text.startswith("-") if not least else Decimal(text) >= least)

    return test


def _integer(minimum: int | None) -> Callable[[str], bool]:
    def test(text: str) -> bool:
        return _INTEGER.fullmatch(text) is not None and (
            minimum is None or (not text.startswith("-") and int(text) >= minimum)
        )

    return test


def _looked_up(field: Field) -> Callable[[str], bool]:
    """Kinds whose text is kept as it came: `values.parse` knows them, and few words come again and again."""
    spelled = {word for canonical, others in field.values.items() for word in (canonical, *others)}

    @lru_cache(maxsize=4096)
    def test(text: str) -> bool:
        if not text or (spelled and text not in spelled):
            return False
        try:
            parse(field, text)
        except ValueProblem:
            return False
        return True

    return test


_TESTS: dict[Kind, Callable[[str], bool]] = {
    Kind.DATETIME: _is_moment,
    Kind.DATE: _is_date,
    Kind.BOOLEAN: _BOOLEANS.__contains__,
    Kind.PHONE: lambda text: _E164.fullmatch(text) is not None,
}


def _in_order(earlier: Texts | None, later: Texts | None) -> bool:
    """Plain moments sort as their texts do."""
    if earlier is None or later is None:
        return True
    return all(first is None or last is None or first <= last for first, last in zip(earlier, later, strict=True))


def _agree(counted: Counted, columns: Mapping[str, Texts]) -> bool:
    """A count of zero goes with a sum of zero, and without `free` the other way round too."""
    counts, amounts = columns.get(counted.count), columns.get(counted.amount)
    if counts is None or amounts is None:
        return True
    pairs = {
        (int(count) == 0, Decimal(amount) == 0)
        for count, amount in zip(counts, amounts, strict=True)
        if count is not None and amount is not None
    }
    return (True, False) not in pairs and (counted.free or (False, True) not in pairs)
