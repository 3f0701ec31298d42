from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, quote_plus
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from halfopen.errors import MomentError
from halfopen.wire.moment import (
    InvertedWindow,
    MalformedWindow,
    MissingWindow,
    WindowError,
    parse,
    plain,
    query_of,
    window_from_query,
)
from support.windows import spans

SEVEN = datetime(2020, 10, 10, 7, tzinfo=UTC)
HOUR = "from=2020-10-10%2007:00:00&to=2020-10-10%2008:00:00"
any_moment = st.datetimes(timezones=st.just(UTC))
offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59)


def asked(start: str, end: str = "2020-10-10%2008:00:00") -> datetime:
    return window_from_query(f"from={start}&to={end}").start


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-10-10 07:00:00", SEVEN),
        ("2020-10-10T07:00:00", SEVEN),
        ("2020-10-10 07:00:00Z", SEVEN),
        ("2020-10-10T10:00:00+03:00", SEVEN),
        ("2020-10-09 23:30:00-07:30", SEVEN),
        ("2020-10-10 07:00:00-00:00", SEVEN),
        ("2020-10-10 07:00:00.5", SEVEN + timedelta(milliseconds=500)),
        ("2020-10-10 07:00:00.000001", SEVEN + timedelta(microseconds=1)),
        ("2020-10-10T07:00:00.123456789Z", SEVEN + timedelta(microseconds=123456)),
        ("2020-02-29 00:00:00", datetime(2020, 2, 29, tzinfo=UTC)),
        ("0001-01-01 00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31 23:59:59.999999", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_reads_each_form_of_the_grammar(text: str, moment: datetime):
    assert parse(text) == moment
    assert parse(text).tzinfo is UTC


MALFORMED = [
    "",
    "2020-10-10",
    "2020-10-10 07:00",
    "2020-02-31 00:00:00",
    "2021-02-29 00:00:00",
    "2020-13-01 00:00:00",
    "2020-10-10 24:00:00",
    "2020-10-10 07:60:00",
    "2020-10-10 07:00:60",
    " 2020-10-10 07:00:00",
    "2020-10-10 07:00:00 ",
    "2020-10-10 07:00:00\n",
    "2020-10-10  07:00:00",
    "2020-10-10\t07:00:00",
    "2020-10-10t07:00:00",
    "2020-10-10 07:00:00z",
    "2020-10-10 07:00:00.",
    "2020-10-10 07:00:00,5",
    "2020-10-10 07:00:00.1234567890",
    "2020-10-10T07:00:00 03:00",
    "2020-10-10+07:00:00",
    "2020-10-10T07:00:00 +03:00",
    "2020-10-10T07:00:00+03",
    "2020-10-10T07:00:00+0300",
    "2020-10-10T07:00:00+24:00",
    "2020-10-10T07:00:00+03:60",
    "2020-10-10T07:00:00Z+03:00",
    "2020-10-10 07:00:00 UTC",
    "٢٠٢٠-10-10 07:00:00",
    "2020-10-10\u00a007:00:00",
    "0000-01-01 00:00:00",
    "0001-01-01 00:00:00+01:00",
    "9999-12-31 23:59:59-01:00",
    "1602313200",
    "now",
    "2020-10-10 07:00:00'; drop table users",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_refuses_everything_else(text: str):
    with pytest.raises(MomentError, match=r"is no moment.*: write it as YYYY-MM-DD HH:MM:SS in UTC"):
        parse(text)
    with pytest.raises(MalformedWindow, match=r"^from: "):
        asked(quote(text, safe=""))


def test_an_error_quotes_a_sane_length_and_escapes_it():
    with pytest.raises(MomentError) as refusal:
        parse("x\n" + "y" * 5000)
    assert r"'x\nyyy" in str(refusal.value)
    assert len(str(refusal.value)) < 150


@given(st.text(max_size=40))
@example("2020-10-10 07:00:00")
def test_any_text_is_a_moment_or_refused(text: str):
    try:
        moment = parse(text)
    except MomentError:
        return
    assert moment.tzinfo is UTC


@given(any_moment, offsets)
def test_an_offset_names_the_same_moment(moment: datetime, minutes: int):
    zone = timezone(timedelta(minutes=minutes))
    try:
        local = moment.astimezone(zone)
    except OverflowError:
        return
    assert parse(local.isoformat(sep="T")) == moment


def test_local_time_is_read_in_its_zone_and_the_repeated_hour_as_the_later_one():
    riga = ZoneInfo("Europe/Riga")
    assert parse("2020-10-10 10:00:00", riga) == SEVEN
    assert parse("2020-10-10 07:00:00Z", riga) == SEVEN
    assert parse("2020-10-25 03:30:00", riga) == datetime(2020, 10, 25, 1, 30, tzinfo=UTC)
    with pytest.raises(MomentError, match="outside of the years"):
        parse("0001-01-01 00:00:00", timezone(timedelta(hours=3)))


@given(any_moment)
def test_plain_floors_and_parses_back(moment: datetime):
    assert parse(plain(moment)) == moment.replace(microsecond=0)
    assert len(plain(moment)) == 19


def test_plain_is_in_utc_and_refuses_the_naive():
    assert plain(SEVEN.astimezone(ZoneInfo("Europe/Riga"))) == "2020-10-10 07:00:00"
    with pytest.raises(ValueError, match="has no zone"):
        plain(SEVEN.replace(tzinfo=None))


@pytest.mark.parametrize(
    "start",
    [
        "2020-10-10+07:00:00",
        "2020-10-10%2007:00:00",
        "2020-10-10T07:00:00",
        "2020-10-10T07%3A00%3A00Z",
        "2020-10-10T10:00:00%2B03:00",
        "2020-10-10+10:00:00%2b03:00",
        "2020-10-10T04:00:00-03:00",
    ],
)
def test_reads_a_window_off_the_raw_query(start: str):
    assert asked(start) == SEVEN
    assert window_from_query(f"a=b&from={start}&x&to=2020-10-10+08:00:00&=".encode()).start == SEVEN


def test_a_bare_plus_is_a_blank_and_never_an_offset():
    with pytest.raises(MalformedWindow, match=r"must be sent as %2B"):
        asked("2020-10-10T07:00:00+03:00")
    with pytest.raises(MalformedWindow, match=r"sent as %20 or as a bare \+"):
        asked("2020-10-10%2B07:00:00")
    with pytest.raises(MalformedWindow, match="a date without a time"):
        asked("2020-10-10")


@pytest.mark.parametrize(
    ("query", "error", "says"),
    [
        ("", MissingWindow, "from and to missing"),
        ("to=2020-10-10+08:00:00", MissingWindow, "from missing"),
        ("from=2020-10-10+08:00:00&From=x", MissingWindow, "to missing"),
        ("from=&to=2020-10-10+08:00:00", MalformedWindow, "from: '' is no moment"),
        ("from&to=2020-10-10+08:00:00", MalformedWindow, "from: '' is no moment"),
        (HOUR + "&to=2020-10-10+08:00:00", MalformedWindow, "to is given 2 times"),
        (HOUR + "&%66rom=2020-10-10+07:00:00", MalformedWindow, "from is given 2 times"),
        (HOUR + "%", MalformedWindow, "without two hexadecimal digits"),
        (HOUR + "%2", MalformedWindow, "without two hexadecimal digits"),
        ("from=2020-10-10%zz07:00:00&to=2020-10-10+08:00:00", MalformedWindow, "without two hexadecimal digits"),
        ("from=2020-10-10%ff07:00:00&to=2020-10-10+08:00:00", MalformedWindow, "is no moment"),
        ("from=2020-10-10+07:00:00%00&to=2020-10-10+08:00:00", MalformedWindow, r"\\x00"),
        ("from=2020-10-10+08:00:01&to=2020-10-10+08:00:00", InvertedWindow, "lies after to"),
    ],
)
def test_refuses_a_window_with_its_code(query: str, error: type[WindowError], says: str):
    codes = {MissingWindow: "missing_window", MalformedWindow: "malformed_window", InvertedWindow: "inverted_window"}
    for raw in (query, query.encode()):
        with pytest.raises(error, match=says) as refusal:
            window_from_query(raw)
        assert refusal.value.code == codes[error]
        assert "\n" not in str(refusal.value)


def test_from_equal_to_is_an_empty_window():
    assert window_from_query("from=2020-10-10+07:00:00&to=2020-10-10+07:00:00").is_empty


@given(st.binary(max_size=60))
def test_any_query_is_a_window_or_refused(query: bytes):
    with pytest.raises(WindowError):
        window_from_query(query)


@given(spans, st.sampled_from(["%20", "+"]))
def test_a_written_window_reads_back_to_the_microsecond(span, space):
    assert window_from_query(query_of(span, space)) == span


@given(spans, offsets)
def test_any_encoder_of_texts_reads_back(span, minutes):
    zone = timezone(timedelta(minutes=minutes))
    for encode in (quote, quote_plus):
        start, end = (encode(edge.astimezone(zone).isoformat(sep=" "), safe="") for edge in (span.start, span.end))
        assert window_from_query(f"to={end}&from={start}") == span


def test_writes_the_example_of_the_requirements():
    window = window_from_query(HOUR)
    assert query_of(window) == HOUR
    assert query_of(window, "+") == "from=2020-10-10+07:00:00&to=2020-10-10+08:00:00"
