"""The judge in DuckDB and `values.parse` in Python are two readers of one grammar: they must agree on any text."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from halfopen.contract import grammar, values, vocabulary
from halfopen.contract.judge import UNREADABLE, typed, violations
from halfopen.contract.model import Feed, FeedKind, Field, Kind
from halfopen.errors import ValueProblem

HINTS = {"enum_case", "phone_not_e164", "datetime_not_plain", "float_noise"}
"""Codes of texts that can be read all the same."""
WORDS = {"Real": ("Normal",), "IN": (), "live": (), "half_loss": ("half_lost",)}
FIELDS = {kind.value: Field(kind=kind, doc="a value", values=WORDS if kind is Kind.CHOICE else {}) for kind in Kind}
FEED = Feed(
    name="every_kind",
    title="Every kind",
    section="-",
    doc="-",
    key="id",
    cursor="at",
    kind=FeedKind.MUTABLE,
    path="/",
    fields={
        "id": Field(kind=Kind.STRING, required=True, doc="key"),
        "at": Field(kind=Kind.DATETIME, doc="cursor"),
        **FIELDS,
    },
)
SCRAPS = [
    *("2024-02-29 23:59:59", "2023-02-29 00:00:00", "2024-01-31T10:00:00", ".5", ".123456789", "Z", "+03:00", "-0330"),
    *("+14", "0000-00-00 00:00:00", "1900-01-01", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "24:00:00", " ", "T"),
    *("0", "1", "-", "+", "00", "9223372036854775807", "-9223372036854775808", "9223372036854775808", ".0", ".00", "."),
    *("99999999999999999999", ".999999999999999999", "0.000000000000000001", "1E-8", "1e3", "NaN", "inf", ",", "1,000"),
    *("true", "FALSE", "t", "f", "yes", "No", "y", "on", "L\u0130VE", "LIVE", "normal", "in", "HALF_LOST", "other"),
    *("USD", "eur", "CUC", "btc", "USDT_TRC20", "usdt-trc20", "POL", "XMR", "doge", "XXX", "GBP ", "\u20ac"),
    *(
        "GB",
        "uk",
        "Liberia",
        "C\u00f4te d'Ivoire",
        "DEU",
        "ZZ",
        "\u00c5land Islands",
        "en",
        "en_US",
        "pt-BR",
        "zh_Hans_CN",
    ),
    *(
        "es-419",
        "xx",
        "EN_us",
        "fil",
        "en_",
        "Europe/London",
        "europe/london",
        "UTC",
        "Mars/One",
        "1.2.3.4",
        "256.1.1.1",
    ),
    *("::1", "::", "1:2:3:4:5:6:7:8", "1::2::3", "fe80::1%eth0", "::ffff:1.2.3.4", "01.2.3.4", "1:2:3:4:5:6:7::", ":"),
    *(
        "a@b.co",
        "a b@c.de",
        "@",
        "\u00fc@\u00fc.de",
        "+12025550123",
        "1-646-244-1503",
        "+0",
        "https://a.b/c?d#e",
        "a.b",
        "http://",
    ),
    *(
        "//x",
        "localhost",
        "http://localhost:80",
        "\n",
        "\t",
        "\u00a0",
        "\u0661",
        "\u00df",
        "\U0001f600",
        "a" * 250,
        "'",
        '"',
        "\\",
    ),
]
TEXTS = st.one_of(
    st.sampled_from(SCRAPS),
    st.lists(st.sampled_from(SCRAPS), min_size=2, max_size=4).map("".join),
    st.from_regex(grammar.MOMENT.replace("[0-9]{4}-", "(?:0000|0001|1900|2024|9999)-"), fullmatch=True),
    st.from_regex(grammar.DECIMAL, fullmatch=True),
    st.from_regex(grammar.INTEGER, fullmatch=True),
    st.from_regex(grammar.LOCALE, fullmatch=True),
    st.from_regex("[0-9a-f:.%]{1,20}", fullmatch=True),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.datetimes().map(str),
    st.dates().map(str),
    st.ip_addresses().map(str),
    st.emails(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
).filter(lambda text: "\0" not in text)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        columns = ", ".join(f'"{name}" VARCHAR' for name in FEED.fields)
        connection.execute(f"CREATE TABLE texts (_n BIGINT, {columns})")
        yield connection


def fill(database: duckdb.DuckDBPyConnection, texts: list[str], columns: list[str]) -> None:
    database.execute("DELETE FROM texts")
    listed = "".join(f', t AS "{column}"' for column in columns)
    rows = "SELECT unnest($1) AS t, unnest(range(len($1))) AS n"
    database.execute(f"INSERT INTO texts BY NAME SELECT n AS _n, 'x' AS id{listed} FROM ({rows})", [texts])


def judged(database: duckdb.DuckDBPyConnection, texts: list[str]) -> dict[tuple[int, str], set[str]]:
    """Put each text into every kind's column, a row a text; give the codes found by (row, field)."""
    fill(database, texts, list(FIELDS))
    found: dict[tuple[int, str], set[str]] = {}
    for number, code, field, _, unusable in database.execute(violations(FEED, "texts", list(FEED.fields))).fetchall():
        assert not unusable
        found.setdefault((number, field), set()).add(code)
    return found


def read(field: Field, text: str) -> tuple[object, str | None]:
    try:
        return values.parse(field, text), None
    except ValueProblem as problem:
        return (None if problem.code in UNREADABLE else problem.value), problem.code


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=1, max_size=60))
@example(SCRAPS)
@example([a + b for a in SCRAPS[:16] for b in SCRAPS[:16]])
@example([a + b for a in SCRAPS[16:44] for b in SCRAPS[16:44]])
def test_every_kind_reads_every_text_alike(database: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    found = judged(database, texts)
    rows = database.execute(f"{typed(FEED, 'texts', list(FIELDS))} ORDER BY _n").fetchall()
    for number, text in enumerate(texts):
        for (name, field), value in zip(FIELDS.items(), rows[number][1:], strict=True):
            expected, code = read(field, text)
            if isinstance(expected, datetime):
                expected = expected.astimezone(UTC).replace(tzinfo=None)
            assert value == expected, (name, text)
            codes = found.get((number, name), set()) - HINTS
            assert codes == ({code} if code else set()), (name, text)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=1, max_size=60))
@example(SCRAPS)
@example(["", "12.0", "-0.0", "007", ".5", "0.000000000000000001", "9223372036854775807.0", "TRUE", "t", "no"])
def test_where_nothing_is_found_a_bare_cast_reads_the_same(
    database: duckdb.DuckDBPyConnection, texts: list[str]
) -> None:
    found = judged(database, texts)
    dear = database.execute(f"{typed(FEED, 'texts', list(FIELDS))} ORDER BY _n").fetchall()
    cheap = database.execute(f"{typed(FEED, 'texts', list(FIELDS), sound=True)} ORDER BY _n").fetchall()
    for number, text in enumerate(texts):
        for name, one, another in zip(FIELDS, dear[number][1:], cheap[number][1:], strict=True):
            assert one == another or found.get((number, name)), (name, text)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 10**20 - 1), st.integers(0, 10**18 - 1)), min_size=1, max_size=50)
)
@example([(True, 10**20 - 1, 10**18 - 1), (False, 10**20 - 1, 1), (False, 0, 1)])
def test_38_digits_survive(database: duckdb.DuckDBPyConnection, parts: list[tuple[bool, int, int]]) -> None:
    texts = [f"{'-' * negative}{whole}.{fraction:018}" for negative, whole, fraction in parts]
    assert not [codes for (_, name), codes in judged(database, texts).items() if name == "decimal" and codes - HINTS]
    got = database.execute(f"SELECT decimal::VARCHAR FROM ({typed(FEED, 'texts', ['decimal'])}) ORDER BY _n").fetchall()
    assert [Decimal(text) for (text,) in got] == [Decimal(text) for text in texts]
    assert [values.parse(FIELDS["decimal"], text) for text in texts] == [Decimal(text) for text in texts]


@pytest.mark.parametrize("kind", [Kind.CURRENCY, Kind.COUNTRY])
def test_every_word_of_a_vocabulary_is_read(database: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    texts = [word.upper() if word.isascii() else word for word in vocabulary.words(FIELDS[kind.value])]
    assert not [code for (_, name), code in judged(database, texts).items() if name == kind.value]
    assert [values.parse(FIELDS[kind.value], text) for text in texts] == texts


PIECES = st.sampled_from(
    ["1", "abcd", "FFFF", "0", "12345", "g", ":", ":", ":", "::", "1.2.3.4", "1.2.3.256", "%e", "."]
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(PIECES, min_size=1, max_size=18).map("".join), min_size=400, max_size=400))
@example(
    [":".join(["1"] * n + ["", *["2"] * m]) + end for n in range(10) for m in range(10) for end in ("", ":1.2.3.4")]
)
@example([":".join(["1"] * n) + end for n in range(11) for end in ("", ":", "::", ":1.2.3.4", "%eth0", "::%a:b")])
@example(["::" + ":".join(["1"] * n) + end for n in range(11) for end in ("", ":", "::", ":1.2.3.4", "1.2.3.4")])
def test_addresses_are_those_of_ipaddress(database: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    fill(database, texts, ["ip"])
    found = database.execute(violations(FEED, "texts", ["id", "ip"])).fetchall()
    assert {row[0] for row in found} == {n for n, text in enumerate(texts) if text and read(FIELDS["ip"], text)[1]}
