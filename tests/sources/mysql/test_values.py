"""What each of MySQL's types becomes on the wire."""

import json
from decimal import Decimal

import pytest

from halfopen.contract.model import Kind
from halfopen.errors import SourceError
from halfopen.sources.base import Column, Selection
from halfopen.sources.mysql import MysqlSource
from halfopen.wire import csv as wire_csv
from halfopen.wire.negotiate import Format
from support.mysql import ask, process_database

LENIENT = "set sql_mode = 'ALLOW_INVALID_DATES'"


async def told(declared: str, literals: list[str], column: Column, zone: str = "UTC") -> tuple:
    """Each value as CSV text (None is null) and as JSON, in the order in which they were written."""
    values = ", ".join(f"({literal})" for literal in literals)
    made = f"create table v (x {declared} null)"
    utc = "set time_zone = '+00:00'"
    ask(process_database(), LENIENT, utc, "drop table if exists v", made, f"insert into v values {values}")
    source = MysqlSource(process_database(), 1)
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
    return Column(name="x", kind=kind, sql="`x`", **more)


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("decimal(40,18)", "12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
        ("decimal(65,0)", "9" * 65, "9" * 65), ("decimal(10,2)", "10.5", "10.50"), ("decimal(10,2)", "-0.5", "-0.50"),
        ("smallint", "7", "7"), ("bigint", "-9223372036854775808", "-9223372036854775808"),
        ("decimal(65,30)", "-12345678901234567890123456789012345.123456789012345678901234567891",
         "-12345678901234567890123456789012345.123456789012345678901234567891"),
        ("bigint unsigned", "18446744073709551615", "18446744073709551615"), ("int(8) zerofill", "42", "42"),
        ("tinyint(1)", "5", "5"), ("year", "2024", "2024"), ("bit(8)", "b'101'", "5"),
        ("double", "0.1e0 + 0.2e0", "0.3"), ("double", "574", "574"), ("double", "1e-8", "0.00000001"),
        ("double", "-1.5e-20", "-0.000000000000000000015"), ("double", "1e21", "1000000000000000000000"),
        ("double", "-1.25e30", "-1250000000000000000000000000000"), ("double", "12345678.25", "12345678.25"),
        ("double", "0", "0"), ("float", "0.1", "0.1"), ("float", "1e10", "10000000000"), ("double(10,2)", "5.5", "5.5"),
        ("text", "'1E-8'", "0.00000001"), ("text", "'.5'", "0.5"), ("text", "' 7 '", "7"), ("text", "'007'", "7"),
        ("text", "'12345678901234567890.123456789012345678'", "12345678901234567890.123456789012345678"),
        ("json", "'12.50'", "12.50"), ("enum('1.5')", "'1.5'", "1.5"),
        ("text", "''", None), ("decimal(5,2)", "null", None), ("double", "null", None), ("text", "null", None),
    ],
)  # fmt: skip
async def test_numbers_keep_all_digits_in_plain_notation(declared, literal, expected):
    texts, numbers = await told(declared, [literal], column(Kind.DECIMAL))
    assert [None if text is None else Decimal(text) for text in texts] == numbers
    assert texts[0] == expected or (declared == "double(10,2)" and Decimal(texts[0]) == Decimal(expected))
    assert not isinstance(numbers[0], str)


@pytest.mark.parametrize("literal", ["'1,000.50'", "'ten'", "'0x10'", "'1\\n'", "'NaN'"])
async def test_what_is_no_number_goes_out_as_its_text(literal):
    expected = literal[1:-1].replace("\\n", "\n")
    texts, strings = await told("text", [literal], column(Kind.DECIMAL))
    assert texts == [expected] or (expected == "1\n" and texts == ["1"])
    assert strings == texts or (expected == "1\n" and strings == [1])


@pytest.mark.parametrize(
    ("declared", "literal", "divisor", "expected"),
    [
        ("int", "12345", "100", "123.45"), ("bigint", "-5", "100", "-0.05"), ("int", "0", "100", "0.00"),
        ("int", "-100", "100", "-1.00"), ("text", "'12345'", "100", "123.45"), ("int", "10", "8", "1.25"),
        ("bigint", "9223372036854775807", "1000000000000000000", "9.223372036854775807"),
        ("bigint unsigned", "18446744073709551615", "100", "184467440737095516.15"),
        ("decimal(30,0)", "12345678901234567890123456789", "1000000000000000000", "12345678901.234567890123456789"),
        ("int", "10", "3", "3.333333333333333333"), ("int", "7", "power(10, 2)", "0.07"),
        ("int", "7", "1", "7"), ("int", "7", "0", None), ("int", "null", "100", None),
        ("bigint", "1", "100000000", "0.00000001"), ("decimal(5,0)", "1", "7.5", "0.133333333333333333"),
    ],
)  # fmt: skip
async def test_minor_units_are_divided_exactly(declared, literal, divisor, expected):
    texts, numbers = await told(declared, [literal], column(Kind.DECIMAL, divisor=divisor))
    if expected is None and divisor == "0":
        # The stored number is no amount: it goes out as its text, for the judge of whoever pulls.
        assert texts == ["7"]
        return
    assert texts == [expected]
    assert numbers == [None if expected is None else Decimal(expected)]


@pytest.mark.parametrize("declared", ["decimal(20,10)", "text"])
async def test_declared_fractions_have_two_decimals_half_to_even(declared):
    values = ["1", "2.345", "2.355", "2.5", "7", "-0.125", "-0.135", "2.3450000001"]
    texts, _ = await told(declared, [f"'{value}'" for value in values], column(Kind.DECIMAL, places=2))
    assert texts == ["1.00", "2.34", "2.36", "2.50", "7.00", "-0.12", "-0.14", "2.35"]


async def test_integers_stored_as_decimal_lose_their_zeros():
    assert (await told("decimal(10,2)", ["5.00", "5.50", "500"], column(Kind.INTEGER)))[0] == ["5", "5.5", "500"]


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("tinyint(1)", "true", True), ("tinyint(1)", "false", False), ("tinyint(1)", "null", None),
        ("tinyint(1)", "2", "2"), ("bit(1)", "b'1'", True), ("bit(1)", "b'0'", False), ("decimal(3,1)", "1.0", True),
        ("text", "'t'", True), ("text", "'FALSE'", False), ("text", "'Yes'", True), ("enum('Y','N')", "'N'", False),
        ("text", "'maybe, not'", "maybe, not"), ("text", "''", None), ("char(1)", "'n'", False),
    ],
)  # fmt: skip
async def test_truth_values(declared, literal, expected):
    texts, truths = await told(declared, [literal], column(Kind.BOOLEAN))
    assert texts == [str(expected).lower() if isinstance(expected, bool) else expected]
    assert truths == [expected]


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("timestamp(6)", "'2024-01-01 12:00:59.999999'", "2024-01-01 12:00:59"),
        ("timestamp", "'2024-01-01 12:00:59'", "2024-01-01 12:00:59"),
        ("datetime(6)", "'2024-01-01 12:00:59.999999'", "2024-01-01 12:00:59"),
        ("datetime(3)", "'1969-12-31 23:59:59.5'", "1969-12-31 23:59:59"), ("datetime", "null", None),
        ("date", "'2024-01-01'", "2024-01-01 00:00:00"), ("datetime", "0", "0000-00-00 00:00:00"),
        ("datetime", "'2024-00-00 00:00:00'", "2024-00-00 00:00:00"), ("timestamp", "0", "0000-00-00 00:00:00"),
        ("bigint", "1704110459", "2024-01-01 12:00:59"), ("bigint", "1704110459999", "2024-01-01 12:00:59"),
        ("bigint", "1704110459999999", "2024-01-01 12:00:59"), ("bigint", "-1", "1969-12-31 23:59:59"),
        ("double", "1704110459.999", "2024-01-01 12:00:59"), ("decimal(5,1)", "-0.5", "1969-12-31 23:59:59"),
        ("decimal(40,0)", "1e30", "1000000000000000000000000000000"),
        ("text", "'2024-01-01T12:00:59.9Z'", "2024-01-01 12:00:59"),
        ("text", "'2024-01-01 14:00:00+02:00'", "2024-01-01 12:00:00"),
        ("text", "'2024-01-01 06:30:00.5-0530'", "2024-01-01 12:00:00"),
        ("text", "'2024-01-01 14:00:00.5+02'", "2024-01-01 12:00:00"),
        ("text", "'2024-01-01 12:00:59.999999999'", "2024-01-01 12:00:59"),
        ("text", "'2024-01-01 12:00'", "2024-01-01 12:00:00"), ("text", "'2024-01-01'", "2024-01-01 00:00:00"),
        ("text", "'2024-02-30 12:00:00'", "2024-02-30 12:00:00"),
        ("text", "'2024-02-29 12:00:00'", "2024-02-29 12:00:00"),
        ("text", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"), ("text", "'0000-01-01'", "0000-01-01"),
        ("text", "'yesterday, I think'", "yesterday, I think"), ("text", "''", None),
    ],
)  # fmt: skip
async def test_stamps_are_floored_and_in_utc(declared, literal, expected):
    assert await told(declared, [literal], column(Kind.DATETIME)) == ([expected], [expected])


@pytest.mark.parametrize("declared", ["datetime", "datetime(6)", "text"])
async def test_local_stamps_are_read_in_the_zone_that_was_told(declared):
    """Clocks went back from 04:00 to 03:00: the hour from 03:00 is read as the later one."""
    literals = ["'2024-10-27 02:59:59'", "'2024-10-27 03:00:00'", "'2024-10-27 03:59:59'", "'2024-10-27 04:00:00'"]
    texts, strings = await told(declared, literals, column(Kind.DATETIME), zone="Europe/Riga")
    assert texts == ["2024-10-26 23:59:59", "2024-10-27 01:00:00", "2024-10-27 01:59:59", "2024-10-27 02:00:00"]
    assert strings == texts


async def test_a_zero_date_stays_itself_in_every_zone():
    texts, _ = await told("datetime(6)", ["0"], column(Kind.DATETIME), zone="Europe/Riga")
    assert texts == ["0000-00-00 00:00:00.000000"]


async def test_a_timestamp_is_a_moment_whatever_zone_is_told():
    texts, _ = await told("timestamp", ["'2024-07-01 12:00:00'"], column(Kind.DATETIME), zone="Europe/Riga")
    assert texts == ["2024-07-01 12:00:00"]


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("date", "'1985-07-10'", "1985-07-10"), ("date", "0", "0000-00-00"), ("date", "null", None),
        ("datetime(6)", "'1985-07-10 23:59:59.9'", "1985-07-10"), ("timestamp", "'1985-07-10 23:59:59'", "1985-07-10"),
        ("text", "'1985-07-10T00:00:00Z'", "1985-07-10"), ("text", "'10.07.1985'", "10.07.1985"), ("text", "''", None),
        ("bigint", "489801600", "1985-07-10"),
    ],
)  # fmt: skip
async def test_days(declared, literal, expected):
    assert await told(declared, [literal], column(Kind.DATE)) == ([expected], [expected])


async def test_a_day_stored_as_a_local_midnight_stays_that_day():
    texts, _ = await told("timestamp", ["'1985-07-09 20:00:00'"], column(Kind.DATE), zone="Europe/Riga")
    assert texts == ["1985-07-10"]


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("text", "'a \"b\"\\r\\n\\tc, d'", 'a "b"\r\n\tc, d'), ("text", "''", ""), ("text", "null", None),
        ("text", "'\\\\.'", "\\."), ("varchar(9) character set utf8mb4", "'é🎰'", "é🎰"), ("char(5)", "'ab'", "ab"),
        ("varchar(9) character set latin1", "'é'", "é"), ("varchar(9) character set ucs2", "'é\"'", 'é"'),
        ("varchar(9) character set latin2", "'č'", "č"), ("text", "'\\0'", "\0"),
        ("int", "5", "5"), ("int(5) zerofill", "5", "00005"),
        ("decimal(5,2)", "5.50", "5.50"), ("double", "0.1", "0.1"),
        ("tinyint(1)", "true", "1"), ("bit(3)", "b'101'", "5"), ("year", "1999", "1999"),
        ("time(3)", "'-838:59:59'", "-838:59:59.000"), ("datetime(3)", "'2024-01-01 12:00:00.5'",
         "2024-01-01 12:00:00.500"), ("enum('low, low','high')", "'low, low'", "low, low"),
        ("set('a','b','c')", "'c,a'", "a,c"), ("json", "'{\"a\": 1}'", '{"a": 1}'),
    ],
)  # fmt: skip
async def test_texts_are_what_the_database_would_say(declared, literal, expected):
    assert await told(declared, [literal], column(Kind.STRING)) == ([expected], [expected])


def is_mariadb() -> bool:
    return "MariaDB" in ask(process_database(), "select version()")[0][0]


@pytest.mark.skipif("not is_mariadb()", reason="MySQL has neither type")
@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [("uuid", "'11ecc708-32d5-423b-bd59-7d114c26c979'", "11ecc708-32d5-423b-bd59-7d114c26c979"),
     ("inet6", "'2001:db8::1'", "2001:db8::1")],
)  # fmt: skip
async def test_types_of_mariadb_alone(declared, literal, expected):
    assert await told(declared, [literal], column(Kind.STRING)) == ([expected], [expected])


@pytest.mark.parametrize(
    ("declared", "literal", "expected"),
    [
        ("json", "'[\"a\", 5, null, \"b \\\\\"c\\\\\"\", {\"d\": 1}]'", ["a", "5", 'b "c"', '{"d": 1}']),
        ("text", "'vip, slots ,hot 🔥,, '", ["vip", "slots", "hot 🔥"]), ("json", "'[]'", []),
        ("text", "'[\"a\", \"b c\", 5, null]'", ["a", "b c", "5"]), ("text", "'[broken, list'", ["[broken", "list"]),
        ("text", "'one'", ["one"]), ("text", "''", []), ("json", "null", None), ("text", "null", None),
        ("set('a','b','c')", "'c,a'", ["a", "c"]), ("text", "' , '", []),
    ],
)  # fmt: skip
async def test_lists(declared, literal, expected):
    texts, lists = await told(declared, [literal], column(Kind.STRING, array=True))
    assert lists == [expected]
    assert texts == [None if expected is None else ", ".join(expected)]


@pytest.mark.parametrize("declared", ["blob", "binary(16)", "varbinary(9)", "point"])
@pytest.mark.parametrize("kind", [Kind.STRING, Kind.DECIMAL])
async def test_bytes_are_refused_by_the_name_of_their_column(declared, kind):
    with pytest.raises(SourceError, match=r"column 'x': `x` is binary.*hex"):
        await told(declared, ["null"], column(kind))


async def test_a_uuid_kept_as_bytes_is_told_by_an_expression():
    sql = "insert(insert(lower(hex(`x`)), 9, 0, '-'), 14, 0, '-')"
    told_ = Column(name="x", kind=Kind.STRING, sql=sql)
    assert (await told("binary(16)", ["x'11ecc70832d5423bbd597d114c26c979'"], told_))[0] == [
        "11ecc708-32d5-423bbd597d114c26c979"
    ]


async def test_a_row_longer_than_a_packet_is_an_error_and_not_a_gap():
    long = Column(name="x", kind=Kind.STRING, sql="repeat(`x`, 16777214)")
    with pytest.raises(SourceError, match="max_allowed_packet"):
        await told("text", ["'x'"], long)


async def test_every_length_of_line_survives():
    """Lengths are written in one, three or four bytes, and rows are cut anywhere between them."""
    lengths = [0, 1, 240, 245, 250, 251, 252, 255, 256, 300, 65_530, 65_535, 65_536, 70_000, 300_000]
    made = Column(name="x", kind=Kind.STRING, sql="repeat('é', `x`)")
    texts, strings = await told("int", [str(length) for length in lengths], made)
    assert texts == strings == ["é" * length for length in lengths]
