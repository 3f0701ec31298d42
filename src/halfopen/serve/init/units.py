"""Whether a column of money counts whole units or parts of them. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from halfopen.serve.init.facts import numbers
from halfopen.serve.init.vocabulary import Vocabulary
from halfopen.sources.schema import Column, Family, Table

_PARTS: Final = {
    "cent": 100,
    "minor": 100,
    "penny": 100,
    "kopek": 100,
    "subunit": 100,
    "satoshi": 100_000_000,
    "milli": 1000,
}
_SMALL: Final = Decimal(1000)
_ODDS_IN_HUNDREDTHS: Final = 100
_ODDS_IN_THOUSANDTHS: Final = 1000


@dataclass(frozen=True, slots=True)
class Units:
    """How many stored units make one, why, and what makes it doubtful."""

    divisor: int
    ground: str
    doubt: str = ""


def divisor(
    vocabulary: Vocabulary, table: Table, column: Column, field: str, *, in_parts: bool = False
) -> Units | None:
    """The divisor of a column of money or odds; None when it holds whole units.

    in_parts: other columns of the same schema hold money in parts for all that can be seen.
    """
    whole = column.family is Family.INTEGER
    for text, where in ((column.name, "name"), (column.comment, "comment"), (table.comment, "comment of the table")):
        words = vocabulary.words(text)
        part = next((word for word in words if word in _PARTS), None)
        if part and (whole or where == "name"):
            return Units(_PARTS[part], f"{where} says {part}")
    if not whole:
        return None
    seen = [abs(number) for number in numbers(column) if number]
    if field == "ratio":
        return _odds(seen)
    if not seen:
        return Units(100, "a whole number", "whole numbers without a row to look at: taken for cents")
    if not (in_parts or is_in_parts(column)):
        return None
    return Units(100, "whole numbers", "whole numbers and no word about it: taken for cents")


def is_in_parts(column: Column) -> bool:
    """Whether a column of whole numbers holds cents, for all that can be seen: they are large or crooked."""
    if column.family is not Family.INTEGER:
        return False
    seen = [abs(number) for number in numbers(column) if number]
    return bool(seen) and (max(seen) >= _SMALL or any(number % 5 for number in seen))


def _odds(seen: list[Decimal]) -> Units | None:
    if not seen or min(seen) < _ODDS_IN_HUNDREDTHS:
        return None
    parts = _ODDS_IN_THOUSANDTHS if min(seen) >= _ODDS_IN_THOUSANDTHS else _ODDS_IN_HUNDREDTHS
    return Units(parts, "whole numbers", f"whole numbers of {parts} and more: taken for odds times {parts}")
