"""What SQLite's loose types become on the wire."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from halfopen.contract.model import Kind
from halfopen.sources import exact
from halfopen.sources.base import Column, Selection
from halfopen.sources.sqlite import SqliteSource
from halfopen.window.window import Window
from halfopen.wire import csv as wire_csv
from halfopen.wire.negotiate import Format

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
FLOAT = 0.1 + 0.2


async def answer(path, column: Column, format_: Format, zone: str = "UTC", window=None) -> bytes:
    source = SqliteSource(path, 1)
    chosen = Selection(feed="f", relation=source.relation("t", None), columns=(column,), zone=zone, cursor='"x"')
    async with source.stream(chosen, window, format_) as stream:
        made = b"".join([block async for block in stream])
    source.close()
    return made


async def told(tmp_path, values, column: Column, declared: str = "", zone: str = "UTC") -> tuple[list, list]:
    """Each value as CSV text (None is null) and as JSON."""
    path = tmp_path / "t.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"create table t (x {declared})")
        connection.executemany("insert into t values (?)", [(value,) for value in values])
        connection.commit()
    texts = [row[0] for row in wire_csv.read([b"x\r\n" + await answer(path, column, Format.CSV, zone)])][1:]
    lines = (await answer(path, column, Format.NDJSON, zone)).split(b"\n")[:-1]
    return texts, [json.loads(line, parse_float=Decimal)["x"] for line in lines]


def column(kind: Kind, **more) -> Column:
    return Column(name="x", kind=kind, sql='"x"', **more)


@pytest.mark.parametrize("sole", [True, False], ids=["alone", "among other types"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
        ("10.50", "10.50"),
        ("-0.000000000000000001", "-0.000000000000000001"),
        ("1E-8", "0.00000001"),
        ("1.5e3", "1500"),
        ("007", "7"),
        (".5", "0.5"),
        ("+3", "3"),
        ("5.", "5"),
        (" 7 ", "7"),
        (9223372036854775807, "9223372036854775807"),
        (0, "0"),
        (FLOAT, "0.3"),
        (574.0, "574"),
        (1e-8, "0.00000001"),
        (1e21, "1000000000000000000000"),
        (12345678.25, "12345678.25"),
        (None, None),
        ("", None),
    ],
)
async def test_numbers_keep_all_digits_in_plain_notation(tmp_path, value, expected, sole):
    values = [value] if sole else [value, 1, "2.5", 3.5, "x"]
    texts, numbers = await told(tmp_path, values, column(Kind.DECIMAL))
    assert texts[0] == expected
    assert numbers[0] == (None if expected is None else Decimal(expected))
    assert not isinstance(numbers[0], str)


@pytest.mark.parametrize("value", ["1,000.50", "NaN", "ten", '1"2', "Infinity", "1.2.3", "0x10"])
async def test_what_is_no_number_goes_out_as_its_text(tmp_path, value):
    texts, numbers = await told(tmp_path, [value, "1"], column(Kind.DECIMAL))
    assert texts == [value, "1"]
    assert numbers == [value, 1]


@pytest.mark.parametrize(
    ("value", "divisor", "expected"),
    [
        (12345, "100", "123.45"), (-5, "100", "-0.05"), (0, "100", "0.00"), (-100, "100", "-1.00"),
        ("12345", "100", "123.45"), (10, "8", "1.25"),
        (2**63 - 1, "1000000000000000000", "9.223372036854775807"), (-(2**63), "10", "-922337203685477580.8"),
        ("12345678901234567890123456789", "1000000000000000000", "12345678901.234567890123456789"),
        (10, "3", "3.333333333333333333"), (7, "power(10, 2)", "0.07"), (7, "1", "7"), (None, "100", None),
    ],
)  # fmt: skip
async def test_minor_units_are_divided_exactly(tmp_path, value, divisor, expected):
    for values in ([value], [value, "x", 1]):
        texts, numbers = await told(tmp_path, values, column(Kind.DECIMAL, divisor=divisor))
        assert texts[0] == expected
        assert numbers[0] == (None if expected is None else Decimal(expected))


async def test_declared_fractions_have_two_decimals_half_to_even(tmp_path):
    values = ["1", "2.345", "2.355", "2.5", 7, -0.125, None]
    texts, _ = await told(tmp_path, values, column(Kind.DECIMAL, places=2))
    assert texts == ["1.00", "2.34", "2.36", "2.50", "7.00", "-0.12", None]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, True), (0, False), ("1", True), ("0", False), ("t", True), ("F", False), ("TRUE", True), ("false", False),
        ("Yes", True), ("no", False), (1.0, True), ("", None), (None, None), (2, "2"), ("maybe, not", "maybe, not"),
    ],
)  # fmt: skip
async def test_truth_values(tmp_path, value, expected):
    for declared in ("", "boolean", "text", "integer"):
        texts, truths = await told(tmp_path, [value], column(Kind.BOOLEAN), declared)
        assert truths == [expected], declared
        assert texts == [str(expected).lower() if isinstance(expected, bool) else expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-01-01 12:00:59.999999", "2024-01-01 12:00:59"),
        ("2024-01-01T12:00:59.9Z", "2024-01-01 12:00:59"),
        ("2024-01-01 14:00:00+02:00", "2024-01-01 12:00:00"),
        ("2024-01-01 14:00:00.5+02", "2024-01-01 12:00:00"),
        ("2024-01-01T12:00:00.123456789Z", "2024-01-01 12:00:00"),
        ("2024-01-01 12:00", "2024-01-01 12:00:00"),
        ("2024-01-01", "2024-01-01 00:00:00"),
        (1704110459, "2024-01-01 12:00:59"),
        (1704110459.999, "2024-01-01 12:00:59"),
        (1704110459999, "2024-01-01 12:00:59"),
        (1704110459999999, "2024-01-01 12:00:59"),
        ("1704110459", "2024-01-01 12:00:59"),
        (-1, "1969-12-31 23:59:59"),
        (-0.5, "1969-12-31 23:59:59"),
        ("", None),
        (None, None),
        ("yesterday, I think", "yesterday, I think"),
    ],
)
async def test_stamps_are_floored_and_in_utc(tmp_path, value, expected):
    for others in ([], ["2023-01-01 00:00:00"], [None], [17, "x"], ["2023-01-01T00:00:00Z", "2023-01-01T00:00:00.5Z"]):
        texts, strings = await told(tmp_path, [value, *others], column(Kind.DATETIME))
        assert texts[0] == strings[0] == expected, others


async def test_stamps_before_the_epoch_in_milliseconds(tmp_path):
    values = [-1, -1000, -1001, -100000000001]
    texts, _ = await told(tmp_path, values, column(Kind.DATETIME))
    assert texts == ["1969-12-31 23:59:59", "1969-12-31 23:59:59", "1969-12-31 23:59:58", "1966-10-31 14:13:19"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1985-07-10", "1985-07-10"), ("1985-07-10 23:59:59.9", "1985-07-10"), ("1985-07-10T00:00:00Z", "1985-07-10"),
        (489801600, "1985-07-10"), ("", None), (None, None), ("10.07.1985", "10.07.1985"),
    ],
)  # fmt: skip
async def test_days(tmp_path, value, expected):
    for others in ([], ["2000-01-01"], [None, "x"]):
        texts, strings = await told(tmp_path, [value, *others], column(Kind.DATE))
        assert texts[0] == strings[0] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("vip, slots ,hot 🔥,, ", ["vip", "slots", "hot 🔥"]), ('["a", "b c", 5, null]', ["a", "b c", "5"]),
        ("one", ["one"]),
        ('["say \\"hi\\""]', ['say "hi"']), ("[broken, list", ["[broken", "list"]), ("", []), (None, None),
    ],
)  # fmt: skip
async def test_lists(tmp_path, value, expected):
    texts, lists = await told(tmp_path, [value], column(Kind.STRING, array=True))
    assert lists == [expected]
    assert texts == [None if expected is None else ", ".join(expected)]


async def test_numbers_in_text_fields_stay_texts(tmp_path):
    texts, strings = await told(tmp_path, ["007", 5, 2**40, "5"], column(Kind.STRING))
    assert texts == strings == ["007", "5", "1099511627776", "5"]


async def test_bytes_are_shown_as_hex(tmp_path):
    texts, strings = await told(tmp_path, [b"\x01\xab", "a"], column(Kind.STRING))
    assert texts == strings == ["01ab", "a"]


async def test_a_text_ends_at_its_first_nul_in_all_formats(tmp_path):
    texts, strings = await told(tmp_path, ["a\0,b", "c"], column(Kind.STRING))
    assert texts == strings == ["a", "c"]


async def test_broken_utf_8_is_replaced_and_the_rest_goes_on(tmp_path):
    path = tmp_path / "t.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (x text)")
        connection.execute("insert into t values (cast(x'61ff62' as text)), ('é, ok'), (cast(x'ff' as text))")
        connection.commit()
    made = await answer(path, column(Kind.STRING), Format.CSV)
    assert list(csv.reader(io.StringIO(made.decode(), newline="")))[:2] == [["a\ufffdb"], ["é, ok"]]
    lines = (await answer(path, column(Kind.STRING), Format.NDJSON)).splitlines()
    assert [json.loads(line)["x"] for line in lines] == ["a\ufffdb", "é, ok", "\ufffd"]


async def test_more_columns_than_a_function_of_sqlite_takes(tmp_path):
    path = tmp_path / "t.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (x)")
        connection.execute("insert into t values ('a\"b')")
        connection.commit()
    source = SqliteSource(path, 1)
    columns = tuple(Column(name=f"c{n}", kind=Kind.STRING, sql=f"x || {n}") for n in range(250))
    chosen = Selection(feed="f", relation=source.relation("t", None), columns=columns)
    made = {}
    for format_ in Format:
        async with source.stream(chosen, None, format_) as stream:
            made[format_] = b"".join([block async for block in stream])
    source.close()
    expected = {f"c{n}": f'a"b{n}' for n in range(250)}
    assert json.loads(made[Format.NDJSON]) == expected
    assert next(csv.reader(io.StringIO(made[Format.CSV].decode(), newline=""))) == list(expected.values())


RIGA = [
    ("2024-01-01 14:00:00", "2024-01-01 12:00:00"),
    ("2024-07-01 15:00:00.5", "2024-07-01 12:00:00"),
    ("2024-10-27 02:59:59", "2024-10-26 23:59:59"),
    ("2024-10-27 03:30:00", "2024-10-27 01:30:00"),  # twice that night: read as the later
    ("2024-10-27 04:00:00", "2024-10-27 02:00:00"),
    ("2024-03-31 04:00:00", "2024-03-31 01:00:00"),
    ("2024-03-31 02:59:59", "2024-03-31 00:59:59"),
]


@pytest.mark.parametrize("separator", [" ", "T"])
async def test_local_stamps_are_turned_to_utc(tmp_path, separator):
    values = [local.replace(" ", separator) for local, _ in RIGA]
    texts, _ = await told(tmp_path, values, column(Kind.DATETIME), zone="Europe/Riga")
    assert texts == [utc for _, utc in RIGA]


async def test_windows_cut_local_stamps_by_their_utc_moment(tmp_path):
    path = tmp_path / "t.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (x text)")
        connection.executemany("insert into t values (?)", [(local,) for local, _ in RIGA])
        connection.commit()
    for _, utc in RIGA:
        moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
        for length in (timedelta(seconds=1), timedelta(hours=3), timedelta(days=3)):
            window = Window(moment, moment + length)
            made = await answer(path, column(Kind.DATETIME), Format.CSV, "Europe/Riga", window)
            inside = [text for _, text in RIGA if window.contains(datetime.fromisoformat(text).replace(tzinfo=UTC))]
            assert sorted(made.decode().split()) == sorted(" ".join(inside).split())
            before = Window(moment - length, moment)
            made = await answer(path, column(Kind.DATETIME), Format.CSV, "Europe/Riga", before)
            assert utc not in made.decode()


TRICKS = ['a,b,"-\r\n-yz ab,cd,ef', "abcd-ef-gh ij:kl:mn", "2024-01-01 12:00:00", None]


@pytest.mark.parametrize(("kind", "size"), [(Kind.DATETIME, 19), (Kind.DATE, 10)])
async def test_what_looks_like_a_stamp_but_for_its_letters_breaks_no_line(tmp_path, kind, size):
    """The head of the table, by which its form is learnt, holds true stamps alone."""
    stamps = ["2024-01-01 12:00:00"[:size]] * 300
    values = [*stamps, *(value and value[:size] for value in TRICKS), *stamps]
    texts, told_ = await told(tmp_path, values, column(kind))
    assert texts[300:304] == told_[300:304] == [value and value[:size] for value in TRICKS]


@pytest.mark.parametrize("length", [19, 23, 24, 25, 26, 27])
async def test_offsets_among_stamps_of_the_same_length_are_counted(tmp_path, length):
    stamps = [f"2024-01-01 12:00:00.{'5' * 9}"[:size] for size in (length, length, 19)] * 100
    others = ["2024-01-01 12:00:00+02:00", "2024-01-01 12:00:00.5+02:00", "2024-01-01 12:00:00+0200"]
    for values in (stamps, stamps[:200:3], [*stamps[:3], "2024-01-01 12:00:00.1", "2024-01-01 12:00:00.12"]):
        texts, _ = await told(tmp_path, [*values * 5, *others, *values * 5], column(Kind.DATETIME))
        at = len(values) * 5
        assert texts[at : at + 3] == ["2024-01-01 10:00:00"] * 3
        assert set(texts[:at]) == {"2024-01-01 12:00:00"}


@pytest.mark.parametrize(
    "made",
    [
        column(Kind.DATETIME),
        column(Kind.DATE),
        column(Kind.DECIMAL),
        column(Kind.INTEGER),
        column(Kind.DECIMAL, divisor="100"),
        column(Kind.DECIMAL, divisor="7"),
        column(Kind.DECIMAL, places=2),
        column(Kind.STRING, array=True),
    ],
    ids=lambda made: f"{made.kind} {made.divisor or made.places or made.array or ''}",
)
@pytest.mark.parametrize("sample", [None, "2024-01-01 12:00:00", "2024-01-01", 17, "1.5", 1.5, 1704110400])
async def test_nulls_are_no_work_for_python(tmp_path, monkeypatch, made, sample):
    given = []
    for place, name in ((exact, "stamp"), (exact, "day"), (exact, "number"), (exact, "items")):
        real = getattr(place, name)
        monkeypatch.setattr(place, name, lambda value, *more, real=real: given.append(value) or real(value, *more))
    texts, _ = await told(tmp_path, [sample, None, None], made)
    assert texts[1:] == [None, None]
    assert None not in given
