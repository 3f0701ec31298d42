from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from halfopen.contract import values
from halfopen.contract.load import feed
from halfopen.contract.model import Field, Kind
from halfopen.errors import ValueProblem


def field(kind: Kind) -> Field:
    return Field(kind=kind, doc="-", values={"Real": ("Normal",)} if kind is Kind.CHOICE else {})


MOMENT = datetime(2023, 7, 20, 17, 15, 38, tzinfo=UTC)
GOOD = [
    (Kind.STRING, "-N5xU-htd_BCgT1G", "-N5xU-htd_BCgT1G"),
    (Kind.STRING, "007", "007"),
    (Kind.DATETIME, "2023-07-20 17:15:38", MOMENT),
    (Kind.DATETIME, "2023-07-20T17:15:38Z", MOMENT),
    (Kind.DATETIME, "2023-07-20T20:15:38+03:00", MOMENT),
    (Kind.DATETIME, "2023-07-20 20:15:38+0300", MOMENT),
    (Kind.DATETIME, "2023-07-20 14:45:38-02:30", MOMENT),
    (Kind.DATETIME, "2023-07-20 17:15:38.5", MOMENT.replace(microsecond=500_000)),
    (Kind.DATETIME, "2023-07-20 17:15:38.999999999", MOMENT.replace(microsecond=999_999)),
    (Kind.DATETIME, "9999-12-31 23:59:59", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    (Kind.DATE, "1974-10-17", date(1974, 10, 17)),
    (Kind.DATE, "2024-02-29", date(2024, 2, 29)),
    (Kind.INTEGER, "13", 13),
    (Kind.INTEGER, "13.0", 13),
    (Kind.INTEGER, "-9223372036854775808", -(2**63)),
    (Kind.DECIMAL, "969", Decimal(969)),
    (Kind.DECIMAL, ".5", Decimal("0.5")),
    (Kind.DECIMAL, "-0.000000000000000001", Decimal("-0.000000000000000001")),
    (Kind.DECIMAL, "99999999999999999999.999999999999999999", Decimal("99999999999999999999.999999999999999999")),
    (Kind.DECIMAL, "1.0000000000000000000000", Decimal(1)),
    *((Kind.BOOLEAN, text, True) for text in ("true", "TRUE", "1", "t", "T", "yes", "Yes")),
    *((Kind.BOOLEAN, text, False) for text in ("false", "False", "0", "f", "F", "no", "NO")),
    *((Kind.CHOICE, text, text) for text in ("Real", "real", "NORMAL")),
    *((Kind.CURRENCY, text, text) for text in ("USD", "eur", "CUC", "HRK", "BTC", "POL", "USDT_TRC20", "usdt-erc20")),
    *((Kind.COUNTRY, text, text) for text in ("GB", "gb", "UK", "Liberia", "united states", "Vietnam", "Turkey")),
    *((Kind.LOCALE, text, text) for text in ("en", "en_US", "en-US", "ro_MD", "zh_Hans_CN", "fil", "es-419")),
    *((Kind.TIMEZONE, text, text) for text in ("Europe/London", "UTC", "Etc/GMT+3", "Asia/Calcutta")),
    *((Kind.IP, text, text) for text in ("242.236.212.175", "::1", "2001:db8::ff00:42:8329", "::ffff:1.2.3.4")),
    (Kind.EMAIL, "aniyah+vip@example.co.uk", "aniyah+vip@example.co.uk"),
    (Kind.PHONE, "1-646-244-1503", "1-646-244-1503"),
    *(
        (Kind.URL, text, text)
        for text in ("https://hessel.com/consequatur.html", "m.space-vegas.com", "http://localhost:80")
    ),
]
BAD = [
    *((Kind.DATETIME, text, "invalid_datetime") for text in ("0000-00-00 00:00:00", "1900-01-01 00:00:00")),
    *((Kind.DATETIME, text, "invalid_datetime") for text in ("2023-02-29 00:00:00", "2023-07-20", "20.07.2023 17:15")),
    *((Kind.DATETIME, text, "invalid_datetime") for text in ("1689873338", "2023-07-20 24:00:00", "2023-07-20 17:15")),
    *((Kind.DATETIME, text, "invalid_datetime") for text in ("0001-01-01T00:00:00+01:00", "9999-12-31 23:59:59-01:00")),
    *((Kind.DATE, text, "invalid_date") for text in ("0000-00-00", "1900-01-01", "2023-02-30", "17/10/74", "1974-1-7")),
    *((Kind.INTEGER, text, "invalid_number") for text in ("13.5", "1,000", "9223372036854775808", "1e3", "\u0661")),
    *((Kind.DECIMAL, text, "invalid_number") for text in ("1E-8", "1e3", "NaN", "inf", "1,000.00", "12,5", "$5", " 5")),
    *((Kind.DECIMAL, text, "invalid_number") for text in ("100000000000000000000", "0.0000000000000000001", "5.", "-")),
    *((Kind.BOOLEAN, text, "invalid_boolean") for text in ("2", "on", "null", "tru", " true")),
    (Kind.CHOICE, "Imaginary", "invalid_enum"),
    *((Kind.CURRENCY, text, "invalid_currency") for text in ("US", "XXX", "dollar", "\u20ac", "USD ")),
    *((Kind.CURRENCY, text, "unsupported_crypto") for text in ("XMR", "dash", "XLM")),
    *((Kind.COUNTRY, text, "invalid_country") for text in ("ZZ", "Atlantis", "DEU")),
    *((Kind.LOCALE, text, "invalid_locale") for text in ("xx", "en_ZZ", "english", "en_US.UTF-8", "_US")),
    *((Kind.TIMEZONE, text, "invalid_timezone") for text in ("Mars/One", "+03:00", "europe/london", "GMT+25")),
    *((Kind.IP, text, "invalid_ip") for text in ("256.1.1.1", "1.2.3", "1.2.3.4:80", "::1::", "localhost")),
    *((Kind.EMAIL, text, "invalid_email") for text in ("[email protected]", "a@b", "a@@b.co", "@b.co", "a b@c.de")),
    *((Kind.URL, text, "invalid_url") for text in ("casino", "ftp://a.b", "http://", "https://a b.com")),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_parse_reads(kind: Kind, text: str, value: object) -> None:
    got = values.parse(field(kind), text)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(("kind", "text", "code"), BAD)
def test_parse_names_what_is_wrong(kind: Kind, text: str, code: str) -> None:
    with pytest.raises(ValueProblem) as problem:
        values.parse(field(kind), text)
    assert (problem.value.code, problem.value.value) == (code, text)


@pytest.mark.parametrize("kind", list(Kind))
def test_null_is_null_and_blank_is_null_unless_text(kind: Kind) -> None:
    typed = {Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATETIME, Kind.DATE}
    assert values.parse(field(kind), None) is None
    assert values.parse(field(kind), "") == (None if kind in typed else "")


def test_parse_gives_aware_utc() -> None:
    got = values.parse(field(Kind.DATETIME), "2023-07-20 20:15:38+03:00")
    assert isinstance(got, datetime)
    assert got.tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.STRING, None, None),
        (Kind.STRING, "", ""),
        (Kind.STRING, 5, "5"),
        (Kind.DATETIME, MOMENT.replace(microsecond=999_999), "2023-07-20 17:15:38"),
        (Kind.DATETIME, MOMENT.astimezone(timezone(timedelta(hours=3))), "2023-07-20 17:15:38"),
        (Kind.DATETIME, datetime(2023, 7, 20, 17, 15, 38), "2023-07-20 17:15:38"),  # noqa: DTZ001 - naive is UTC
        (Kind.DATETIME, date(2023, 7, 20), "2023-07-20 00:00:00"),
        (Kind.DATE, date(974, 1, 2), "0974-01-02"),
        (Kind.DATE, MOMENT, "2023-07-20"),
        (Kind.BOOLEAN, True, "true"),
        (Kind.BOOLEAN, False, "false"),
        (Kind.BOOLEAN, 1, "true"),
        (Kind.BOOLEAN, 0, "false"),
        (Kind.INTEGER, 2**63 - 1, "9223372036854775807"),
        (Kind.DECIMAL, Decimal("1E-8"), "0.00000001"),
        (Kind.DECIMAL, Decimal("1E+3"), "1000"),
        (Kind.DECIMAL, Decimal("10.500000000000000000"), "10.5"),
        (Kind.DECIMAL, Decimal("-0.00"), "0"),
        (Kind.DECIMAL, Decimal("12345678901234567890.123456789012345678"), "12345678901234567890.123456789012345678"),
        (Kind.DECIMAL, 1e-7, "0.0000001"),
        (Kind.STRING, ["a", "b", 3], "a, b, 3"),
    ],
)
def test_format(kind: Kind, value: object, text: str | None) -> None:
    assert values.format(kind, value) == text


def test_format_refuses_what_is_no_number() -> None:
    with pytest.raises(ValueProblem):
        values.format(Kind.DECIMAL, float("nan"))


def test_game_code_is_text() -> None:
    assert values.parse(feed("game_activity").fields["game_code"], "05") == "05"
