"""What each of PostgreSQL's types becomes on the wire."""

import json
from decimal import Decimal

import pytest

from halfopen.contract.model import Kind
from halfopen.errors import SourceError
from halfopen.sources.base import Column, Selection
from halfopen.sources.postgresql import PostgresqlSource
from halfopen.wire import csv as wire_csv
from halfopen.wire.negotiate import Format
from support.postgresql import ask, process_database


async def told(declared: str, literals: list[str], column: Column, zone: str = "UTC", before: str = "") -> tuple:
    """Each value as CSV text (None is null) and as JSON, in the order in which they were written."""
    values = ", ".join(f"({literal})" for literal in literals)
    ask(
        process_database(),
        f"{before}; drop table if exists v; create table v (x {declared}); insert into v values {values}",
    )
    source = PostgresqlSource(process_database(), 1)
    chosen = Selection(feed="f", relation=source.relation("v", None), columns=(column,), zone=zone)
    bodies = []
    try:
        for format_ in (Format.CSV, Format.NDJSON):
            async with source.stream(chosen, None, format_) as stream:
                bodies.append(b"".join([block async for block in stream]))
                assert stream.rows == len(literals)
    finally:
        source.close()
    texts = [row[0] for row in wire_csv.read([b"x\r\n" + bodies[0]])][1:]
    return texts, [json.loads(line, parse_float=Decimal)["x"] for line in bodies[1].split(b"\n")[:-1]]


def column(kind: Kind, **more) -> Column:
    return Column(name="x", kind=kind, sql='"x"', **more)


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("numeric", "12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
        ("numeric", "1e-18", "0.000000000000000001"),
        ("numeric", "1e21", "1000000000000000000000"),
        ("numeric(10,2)", "10.5", "10.50"),
        ("smallint", "7", "7"),
        ("bigint", "-9223372036854775808", "-9223372036854775808"),
        ("double precision", "0.1::float8 + 0.2::float8", "0.3"),
        ("double precision", "574", "574"),
        ("double precision", "1e-8", "0.00000001"),
        ("double precision", "1e21", "1000000000000000000000"),
        ("double precision", "12345678.25", "12345678.25"),
        ("real", "0.1", "0.1"),
        ("money", "'1234.50'", "1234.50"),
        ("boolean", "true", "1"),
        ("text", "'1E-8'", "0.00000001"),
        ("text", "'.5'", "0.5"),
        ("text", "' 7 '", "7"),
        ("text", "'12345678901234567890.123456789012345678'", "12345678901234567890.123456789012345678"),
        ("jsonb", "'12.50'", "12.50"),
        ("jsonb", "'\"12.50\"'", "12.50"),
        ("text", "''", None),
        ("numeric", "null", None),
        ("double precision", "null", None),
        ("text", "null", None),
    ],
)  # fmt: skip
async def test_numbers_keep_all_digits_in_plain_notation(declared, literal, expected):
    texts, numbers = await told(declared, [literal], column(Kind.DECIMAL))
    assert texts == [expected]
    assert numbers == [None if expected is None else Decimal(expected)]
    assert not isinstance(numbers[0], str)


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("numeric", "'NaN'", "NaN"), ("double precision", "'NaN'", "NaN"), ("numeric", "'Infinity'", "Infinity"),
        ("text", "'1,000.50'", "1,000.50"), ("text", "'ten'", "ten"), ("text", "'0x10'", "0x10"),
    ],
)  # fmt: skip
async def test_what_is_no_number_goes_out_as_its_text(declared, literal, expected):
    assert await told(declared, [literal], column(Kind.DECIMAL)) == ([expected], [expected])


@pytest.mark.parametrize(
    ("declared", "literal", "divisor", "expected"),
    [
        ("integer", "12345", "100", "123.45"), ("bigint", "-5", "100", "-0.05"), ("integer", "0", "100", "0.00"),
        ("integer", "-100", "100", "-1.00"), ("text", "'12345'", "100", "123.45"), ("integer", "10", "8", "1.25"),
        ("bigint", "9223372036854775807", "1000000000000000000", "9.223372036854775807"),
        ("numeric", "12345678901234567890123456789", "1000000000000000000", "12345678901.234567890123456789"),
        ("integer", "10", "3", "3.333333333333333333"), ("integer", "7", "power(10, 2)", "0.07"),
        ("integer", "7", "1", "7"), ("integer", "7", "0", None), ("integer", "null", "100", None),
        ("bigint", "1", "100000000", "0.00000001"), ("numeric", "1", "7.5", "0.133333333333333333"),
    ],
)  # fmt: skip
async def test_minor_units_are_divided_exactly(declared, literal, divisor, expected):
    texts, numbers = await told(declared, [literal], column(Kind.DECIMAL, divisor=divisor))
    assert texts == [expected]
    assert numbers == [None if expected is None else Decimal(expected)]


@pytest.mark.parametrize("declared", ["numeric", "text"])
async def test_declared_fractions_have_two_decimals_half_to_even(declared):
    values = ["1", "2.345", "2.355", "2.5", "7", "-0.125", "-0.135", "2.3450000001"]
    texts, _ = await told(declared, [f"'{value}'" for value in values], column(Kind.DECIMAL, places=2))
    assert texts == ["1.00", "2.34", "2.36", "2.50", "7.00", "-0.12", "-0.14", "2.35"]


async def test_integers_stored_as_numeric_lose_their_zeros():
    assert (await told("numeric", ["5.00", "5.50", "500"], column(Kind.INTEGER)))[0] == ["5", "5.5", "500"]


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("boolean", "true", True), ("boolean", "false", False), ("boolean", "null", None),
        ("smallint", "1", True), ("smallint", "0", False), ("smallint", "null", None), ("smallint", "2", "2"),
        ("numeric", "1.0", True), ("text", "'t'", True), ("text", "'FALSE'", False), ("text", "'Yes'", True),
        ("text", "'maybe, not'", "maybe, not"), ("text", "''", None), ("char(1)", "'n'", False),
        ("bit(1)", "B'1'", True), ("jsonb", "'true'", True),
    ],
)  # fmt: skip
async def test_truth_values(declared, literal, expected):
    texts, truths = await told(declared, [literal], column(Kind.BOOLEAN))
    assert texts == [str(expected).lower() if isinstance(expected, bool) else expected]
    assert truths == [expected]


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("timestamptz", "'2024-01-01 14:00:59.999999+02'", "2024-01-01 12:00:59"),
        ("timestamptz", "'1969-12-31 23:59:59.5Z'", "1969-12-31 23:59:59"),
        ("timestamptz(0)", "'2024-01-01 12:00:59Z'", "2024-01-01 12:00:59"),
        ("timestamp", "'2024-01-01 12:00:59.999999'", "2024-01-01 12:00:59"),
        ("date", "'2024-01-01'", "2024-01-01 00:00:00"),
        ("timestamptz", "'infinity'", None), ("timestamp", "'-infinity'", None), ("timestamptz", "null", None),
        ("bigint", "1704110459", "2024-01-01 12:00:59"), ("bigint", "1704110459999", "2024-01-01 12:00:59"),
        ("bigint", "1704110459999999", "2024-01-01 12:00:59"), ("bigint", "-1", "1969-12-31 23:59:59"),
        ("double precision", "1704110459.999", "2024-01-01 12:00:59"), ("numeric", "-0.5", "1969-12-31 23:59:59"),
        ("numeric", "1e30", "1000000000000000000000000000000"), ("double precision", "'NaN'", "NaN"),
        ("text", "'2024-01-01T12:00:59.9Z'", "2024-01-01 12:00:59"),
        ("text", "'2024-01-01 14:00:00+02:00'", "2024-01-01 12:00:00"),
        ("text", "'2024-01-01 14:00:00.5+02'", "2024-01-01 12:00:00"),
        ("text", "'2024-01-01 12:00:59.999999999'", "2024-01-01 12:00:59"),
        ("text", "'2024-01-01 12:00'", "2024-01-01 12:00:00"), ("text", "'2024-01-01'", "2024-01-01 00:00:00"),
        ("text", "'2024-02-30 12:00:00'", "2024-02-30 12:00:00"),
        ("text", "'2024-02-29 12:00:00'", "2024-02-29 12:00:00"),
        ("text", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"), ("text", "'0000-01-01'", "0000-01-01"),
        ("text", "'yesterday, I think'", "yesterday, I think"), ("text", "''", None),
        ("jsonb", "'\"2024-01-01T12:00:59.9Z\"'", "2024-01-01 12:00:59"),
    ],
)  # fmt: skip
async def test_stamps_are_floored_and_in_utc(declared, literal, expected):
    assert await told(declared, [literal], column(Kind.DATETIME)) == ([expected], [expected])


@pytest.mark.parametrize("declared", ["timestamp", "text"])
async def test_local_stamps_are_read_in_the_zone_that_was_told(declared):
    """Clocks went back from 04:00 to 03:00: the hour from 03:00 is read as the later one."""
    literals = ["'2024-10-27 02:59:59.9'", "'2024-10-27 03:00:00'", "'2024-10-27 03:59:59'", "'2024-10-27 04:00:00'"]
    texts, strings = await told(declared, literals, column(Kind.DATETIME), zone="Europe/Riga")
    assert texts == ["2024-10-26 23:59:59", "2024-10-27 01:00:00", "2024-10-27 01:59:59", "2024-10-27 02:00:00"]
    assert strings == texts


async def test_the_zone_of_the_database_does_not_matter():
    zone = f"alter database {process_database().rsplit('/', 1)[1]} set timezone = 'America/New_York'"
    for declared in ("timestamptz", "timestamp"):
        literals = ["'2024-01-01 12:00:59Z'"]
        texts, _ = await told(declared, literals, column(Kind.DATETIME), before=zone)
        assert texts == ["2024-01-01 12:00:59"]
    ask(process_database(), zone.replace("America/New_York", "UTC"))


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("date", "'1985-07-10'", "1985-07-10"), ("date", "'infinity'", None), ("date", "null", None),
        ("timestamp", "'1985-07-10 23:59:59.9'", "1985-07-10"), ("timestamptz", "'1985-07-10 23:59:59Z'", "1985-07-10"),
        ("text", "'1985-07-10T00:00:00Z'", "1985-07-10"), ("text", "'10.07.1985'", "10.07.1985"), ("text", "''", None),
        ("bigint", "489801600", "1985-07-10"),
    ],
)  # fmt: skip
async def test_days(declared, literal, expected):
    assert await told(declared, [literal], column(Kind.DATE)) == ([expected], [expected])


async def test_a_day_stored_as_a_local_midnight_stays_that_day():
    literals = ["'1985-07-10 00:00:00+03'"]
    texts, _ = await told("timestamptz", literals, column(Kind.DATE), zone="Europe/Riga")
    assert texts == ["1985-07-10"]


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("text", "'a \"b\"\r\n\tc, d'", 'a "b"\r\n\tc, d'), ("text", "''", ""), ("text", "null", None),
        ("text", "E'\\\\.'", "\\."), ("varchar(9)", "'é🎰'", "é🎰"), ("char(5)", "'ab'", "ab"),
        ("uuid", "'11ecc708-32d5-423b-bd59-7d114c26c979'", "11ecc708-32d5-423b-bd59-7d114c26c979"),
        ("integer", "5", "5"), ("numeric", "5.50", "5.50"), ("boolean", "true", "true"),
        ("double precision", "0.1", "0.1"), ("jsonb", "'{\"a\": 1}'", '{"a": 1}'),
        ("json", "'{\"a\":\n1}'", '{"a":\n1}'),
        ("jsonb", "'\"plain\"'", "plain"), ("text[]", "'{a,b}'", "a, b"), ("inet", "'10.0.0.0/8'", "10.0.0.0/8"),
        ("interval", "'1 day 2 hours'", "1 day 02:00:00"),
    ],
)  # fmt: skip
async def test_texts_are_what_the_database_would_say(declared, literal, expected):
    assert await told(declared, [literal], column(Kind.STRING)) == ([expected], [expected])


async def test_enums_and_domains_are_printed_as_what_they_are_made_of():
    before = "drop table if exists v; drop type if exists mood; create type mood as enum ('low, low', 'high')"
    assert (await told("mood", ["'low, low'"], column(Kind.CHOICE), before=before))[0] == ["low, low"]
    before = (
        "drop table if exists v; drop domain if exists later, cents; create domain cents as bigint; "
        "create domain later as timestamptz"
    )
    assert (await told("later", ["'2024-01-01 12:00:59.9Z'"], column(Kind.DATETIME), before=before))[0] == [
        "2024-01-01 12:00:59"
    ]
    assert (await told("cents", ["1234"], column(Kind.DECIMAL, divisor="100")))[0] == ["12.34"]


async def test_addresses_have_no_mask():
    assert (await told("inet", ["'10.1.2.3'", "'10.1.2.3/24'", "'::1'"], column(Kind.IP)))[0] == [
        "10.1.2.3",
        "10.1.2.3",
        "::1",
    ]


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("text[]", "array['vip', 'big spender', null]", ["vip", "big spender"]), ("text[]", "'{}'", []),
        ("integer[]", "'{1,2}'", ["1", "2"]), ("jsonb", "'[\"a\", 5, null, \"b c\"]'", ["a", "5", "b c"]),
        ("json", "'[\"a\"]'", ["a"]), ("text", "'vip, slots ,hot 🔥,, '", ["vip", "slots", "hot 🔥"]),
        ("text", "'[\"a\", \"b c\", 5, null]'", ["a", "b c", "5"]), ("text", "'[broken, list'", ["[broken", "list"]),
        ("text", "'one'", ["one"]), ("text", "''", []), ("text[]", "null", None), ("jsonb", "null", None),
        ("text", "null", None), ("jsonb", "'\"a, b\"'", ["a", "b"]),
    ],
)  # fmt: skip
async def test_lists(declared, literal, expected):
    texts, lists = await told(declared, [literal], column(Kind.STRING, array=True))
    assert lists == [expected]
    assert texts == [None if expected is None else ", ".join(expected)]


@pytest.mark.parametrize("kind", [Kind.STRING, Kind.DECIMAL])
async def test_bytes_are_refused_by_the_name_of_their_column(kind):
    with pytest.raises(SourceError, match=r"column 'x': \"x\" is bytea.*encode"):
        await told("bytea", ["'\\x01'"], column(kind))


async def test_an_expression_is_as_good_as_a_column():
    made = Column(name="x", kind=Kind.CURRENCY, sql="('EUR')")
    assert await told("integer", ["1"], made) == (["EUR"], ["EUR"])
