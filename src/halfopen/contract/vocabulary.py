"""The closed lists that values are looked up in: currencies, coins, countries, languages, time zones.

The lists themselves are the files in `data/`, each of which names its source. Words are looked up folded
(`fold`), except time zones: the IANA database compares without regard to case, but the file systems that
readers keep it on do not.
"""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from halfopen.contract.model import Field, Kind

_SEPARATORS = ("_", "-", " ", ".", "")
"""Between a coin and its network: USDT_TRC20, USDT-TRC20, USDT TRC20, USDT.TRC20, USDTTRC20."""


def fold(text: str) -> str:
    """Lower case, the same as DuckDB's `lower`: one character for one character, so İ becomes a plain i."""
    return text.replace("\u0130", "i").lower()


def words(field: Field) -> Mapping[str, str]:
    """Folded word -> canonical word, of a choice, a currency or a country; empty for any other kind."""
    if field.kind is Kind.CHOICE:
        return {fold(word): canonical for canonical, others in field.values.items() for word in (canonical, *others)}
    if field.kind is Kind.CURRENCY:
        return currencies()
    if field.kind is Kind.COUNTRY:
        return countries()
    return {}


@cache
def currencies() -> Mapping[str, str]:
    """Folded code -> code: ISO 4217, active and withdrawn, and the supported coins with their other tickers."""
    found = {fold(code): code for code in minor_digits()}
    for row in _table("coins.csv"):
        for word in (row["code"], *row["aliases"].split()):
            for separator in _SEPARATORS:
                found.setdefault(fold(word.replace("_", separator)), row["code"])
    return MappingProxyType(found)


@cache
def minor_digits() -> Mapping[str, int | None]:
    """Currency of ISO 4217 -> digits after the point; None where it has no such unit (gold, SDR)."""
    digits = {row["code"]: row["minor_digits"] for row in _table("currencies.csv")}
    return MappingProxyType({code: int(text) if text else None for code, text in digits.items()})


@cache
def coins() -> Mapping[str, int]:
    """The supported coins -> digits after the point of the coin's own unit."""
    return MappingProxyType({row["code"]: int(row["decimals"]) for row in _table("coins.csv")})


@cache
def other_coins() -> frozenset[str]:
    """Folded tickers of well-known coins that the requirements do not support."""
    return frozenset(fold(code) for line in _lines("other_coins.txt") for code in line.split())


@cache
def countries() -> Mapping[str, str]:
    """Folded alpha-2 code, name or alias -> alpha-2 code."""
    found = {}
    for row in _table("countries.csv"):
        for word in (row["alpha2"], row["name"], *row["aliases"].split("; ")):
            if word:
                found[fold(word)] = row["alpha2"]
    return MappingProxyType(found)


@cache
def alpha3() -> Mapping[str, str]:
    """Folded alpha-3 code -> alpha-2 code: not what the requirements ask for, yet never ambiguous."""
    return MappingProxyType({fold(row["alpha3"]): row["alpha2"] for row in _table("countries.csv")})


@cache
def languages() -> tuple[str, ...]:
    """Language codes of ISO 639, two letters and three."""
    return tuple(code for line in _lines("languages.txt") for code in line.split())


@cache
def regions() -> tuple[str, ...]:
    """Alpha-2 codes of the countries."""
    return tuple(row["alpha2"] for row in _table("countries.csv"))


@cache
def timezones() -> frozenset[str]:
    """Names of the IANA time zone database, links included, in their own case."""
    return frozenset(_lines("timezones.txt"))


def _table(name: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(_lines(name))


def _lines(name: str) -> list[str]:
    text = files("halfopen.contract").joinpath("data", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
