"""Texts of the wire and the values they mean, exactly: `parse` reads one, `format` writes one.

What a kind accepts is laid down in `contract/grammar.py` and `contract/vocabulary.py`; the judge reads the same in
DuckDB, and a property test holds the two together. Moments are aware datetimes in UTC; money is Decimal, never float.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType

from halfopen.contract import grammar, vocabulary
from halfopen.contract.model import Field, Kind
from halfopen.errors import ValueProblem

_INTEGER_LIMIT = 2**63
_MICROSECOND_DIGITS = 6


def parse(field: Field, text: str | None) -> object:
    """The value of a text: str, int, Decimal, bool, aware datetime in UTC, or date.

    None is null. An empty text is null in integers, decimals, booleans, datetimes and dates, and itself elsewhere. A
    word in another case, a local phone number and a moment with T, Z, an offset or a fraction are read without ado.

    Raises:
        ValueProblem: the text is not of the field's kind; `code` is one of `contract/codes.py`.
    """
    if text is None:
        return None
    if text == "":
        return None if field.kind in _TYPED else text
    return _PARSERS[field.kind](field, text)


def format(kind: Kind, value: object) -> str | None:  # noqa: A001, PLR0911 - the pair of `parse`; one line a type
    """The wire's text of a value: stamps floored to the second, decimals plain, true and false, lists `a, b`.

    None stays None. An aware datetime is turned into UTC, a naive one is taken as UTC. A float in a decimal field is
    written by its shortest digits. Any other value is written as `str` does.
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case datetime():
            return _format_datetime(value)[: 10 if kind is Kind.DATE else None]
        case date():
            return value.isoformat() + (" 00:00:00" if kind is Kind.DATETIME else "")
        case float() | Decimal():
            return _format_decimal(Decimal(str(value)))
        case list() | tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return ("true" if value else "false") if kind is Kind.BOOLEAN else str(value)


def _format_datetime(value: datetime) -> str:
    moment = value.astimezone(UTC) if value.tzinfo else value
    return moment.replace(microsecond=0, tzinfo=None).isoformat(" ")


def _format_decimal(value: Decimal) -> str:
    """Plain digits, no exponent, no zeros at the end of the fraction; not a number has no plain form."""
    if not value.is_finite():
        raise ValueProblem("invalid_number", str(value))
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def _string(_: Field, text: str) -> str:
    return text


def _integer(_: Field, text: str) -> int:
    if not _whole(grammar.INTEGER, text):
        raise ValueProblem("invalid_number", text)
    digits = text.partition(".")[0].lstrip("-").lstrip("0") or "0"
    # More digits than these are out of range anyway, and int() refuses thousands of them.
    value = int(digits) if len(digits) <= len(str(_INTEGER_LIMIT)) else _INTEGER_LIMIT + 1
    value = -value if text.startswith("-") else value
    if not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        raise ValueProblem("invalid_number", text)
    return value


def _decimal(_: Field, text: str) -> Decimal:
    if not _whole(grammar.DECIMAL, text):
        raise ValueProblem("invalid_number", text)
    return Decimal(text)


def _boolean(_: Field, text: str) -> bool:
    word = vocabulary.fold(text)
    if word in grammar.TRUE:
        return True
    if word in grammar.FALSE:
        return False
    raise ValueProblem("invalid_boolean", text)


def _datetime(_: Field, text: str) -> datetime:
    if not _whole(grammar.MOMENT, text) or text.startswith(grammar.ZERO_DATES):
        raise ValueProblem("invalid_datetime", text)
    whole, point, rest = text[:19], text[19:20], text[20:]
    fraction = (re.match("[0-9]*", rest) or [""])[0] if point == "." else ""
    offset = rest[len(fraction) :] if point == "." else text[19:]
    if offset in {"", "Z"}:
        offset = "+00:00"
    micro = fraction[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")
    try:
        return datetime.fromisoformat(f"{whole}.{micro}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueProblem("invalid_datetime", text) from None


def _date(_: Field, text: str) -> date:
    if not _whole("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) or text in grammar.ZERO_DATES:
        raise ValueProblem("invalid_date", text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueProblem("invalid_date", text) from None


def _choice(field: Field, text: str) -> str:
    if vocabulary.fold(text) not in vocabulary.words(field):
        raise ValueProblem("invalid_enum", text)
    return text


def _currency(_: Field, text: str) -> str:
    word = vocabulary.fold(text)
    if word in vocabulary.currencies():
        return text
    raise ValueProblem("unsupported_crypto" if word in vocabulary.other_coins() else "invalid_currency", text)


def _country(_: Field, text: str) -> str:
    if vocabulary.fold(text) not in vocabulary.countries():
        raise ValueProblem("invalid_country", text)
    return text


def _timezone(_: Field, text: str) -> str:
    if text not in vocabulary.timezones():
        raise ValueProblem("invalid_timezone", text)
    return text


def _locale(_: Field, text: str) -> str:
    parts = re.split("[-_]", text)
    language, last = parts[0].lower(), parts[-1].upper()
    country = last if len(parts) > 1 and len(last) == 2 else ""  # noqa: PLR2004 - an alpha-2 code
    if (
        not _whole(grammar.LOCALE, text)
        or language not in vocabulary.languages()
        or (country and country not in vocabulary.regions())
    ):
        raise ValueProblem("invalid_locale", text)
    return text


def _ip(_: Field, text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueProblem("invalid_ip", text) from None
    return text


def _email(_: Field, text: str) -> str:
    if len(text) > grammar.EMAIL_LENGTH or not _whole(grammar.EMAIL, text):
        raise ValueProblem("invalid_email", text)
    return text


def _url(_: Field, text: str) -> str:
    if not _whole(grammar.URL, text):
        raise ValueProblem("invalid_url", text)
    return text


def _whole(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_PARSERS: Mapping[Kind, Callable[[Field, str], object]] = MappingProxyType(
    {
        Kind.STRING: _string,
        Kind.INTEGER: _integer,
        Kind.DECIMAL: _decimal,
        Kind.BOOLEAN: _boolean,
        Kind.DATETIME: _datetime,
        Kind.DATE: _date,
        Kind.CHOICE: _choice,
        Kind.CURRENCY: _currency,
        Kind.COUNTRY: _country,
        Kind.LOCALE: _locale,
        Kind.TIMEZONE: _timezone,
        Kind.IP: _ip,
        Kind.EMAIL: _email,
        Kind.PHONE: _string,
        Kind.URL: _url,
    }
)
_TYPED = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATETIME, Kind.DATE})
