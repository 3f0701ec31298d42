"""A few rows of each feed as a stranger may see them: how an answer looks, and nobody's data.

Numbers, yes and no, moments, codes of currencies and countries and the contract's own words are kept; of any other text
only its first character is shown, of a day of birth its year. A credential is never shown at all. A value that is not
what its field should hold is masked, whatever its kind. Catalogues, whose rows lead to no player, are shown whole.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, Field, Kind
from halfopen.contract.values import parse
from halfopen.errors import ContractError, SourceError
from halfopen.serve.framing import framed
from halfopen.serve.mapping import Offer
from halfopen.sources.base import Column, Source
from halfopen.wire import csv
from halfopen.wire.negotiate import Format

ROWS: Final = 3
SECONDS: Final = 2.0
"""The most that a sample may take of the database."""

ELLIPSIS: Final = "…"
HIDDEN: Final = "hidden"
_OPEN: Final = frozenset(
    {Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATETIME, Kind.CHOICE}
    | {Kind.CURRENCY, Kind.COUNTRY, Kind.LOCALE, Kind.TIMEZONE}
)
_ALWAYS_MASKED: Final = frozenset({Kind.IP, Kind.EMAIL, Kind.PHONE})
_YEAR: Final = re.compile(r"[0-9]{4}(?=-)")


@dataclass(frozen=True, slots=True)
class Sample:
    """Masked rows, a value a column; or the reason why there are none."""

    rows: Sequence[Sequence[str | None]] = ()
    reason: str = ""


async def sample(source: Source, offer: Offer, *, rows: int = ROWS, seconds: float = SECONDS) -> Sample:
    """The first rows of a feed, masked. Never raises what the database raises: its words are not for the CRM."""
    try:
        async with asyncio.timeout(seconds):
            found = await _read(source, offer, rows)
    except TimeoutError:
        return Sample(reason=f"No sample: the database needs more than {seconds:g} s for a few rows.")
    except (SourceError, ContractError):
        return Sample(reason="No sample: the rows cannot be read now.")
    if not found:
        return Sample(reason="There are no rows yet.")
    columns = _columns(offer)
    return Sample([[_masked(offer.feed, *pair) for pair in zip(columns, row, strict=True)] for row in found])


async def _read(source: Source, offer: Offer, rows: int) -> list[list[str | None]]:
    async with source.stream(offer.selection, None, Format.CSV, rows) as stream:
        blocks = [block async for block in framed(stream, offer.selection.names, Format.CSV)]
    return list(csv.read(blocks))[1:]


def _columns(offer: Offer) -> list[tuple[str, Kind]]:
    """Names and kinds in the order of the answer; what is summed up from actions has the contract's kinds."""
    mapped: dict[str, Column] = {column.name: column for column in offer.selection.columns}
    return [
        (name, mapped[name].kind if name in mapped else offer.feed.fields[name].kind) for name in offer.selection.names
    ]


def _masked(feed: Feed, column: tuple[str, Kind], text: str | None) -> str | None:
    name, kind = column
    field = feed.fields.get(name) or Field(kind=kind, doc="")
    if field.secret:
        return HIDDEN
    if not text:
        return text
    if kind is Kind.DATE and not is_catalogue(feed.name):
        year = _YEAR.match(text)
        return f"{year[0]}-{ELLIPSIS}" if year else text[0] + ELLIPSIS
    is_shown = kind in _OPEN or (is_catalogue(feed.name) and kind not in _ALWAYS_MASKED)
    return text if is_shown and _fits(field, text) else text[0] + ELLIPSIS


def _fits(field: Field, text: str) -> bool:
    try:
        parse(field, text)
    except ContractError:
        return False
    return True


@cache
def is_catalogue(name: str) -> bool:
    """Whether no field of the feed leads to a player, at once or by way of another feed."""
    described = feeds()[name]
    targets = {field.refers_to.partition(".")[0] for field in described.fields.values() if field.refers_to}
    return name != "players" and all(target == name or is_catalogue(target) for target in targets)
