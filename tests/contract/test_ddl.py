from collections.abc import Iterator

import duckdb
import pytest

from halfopen.contract import vocabulary
from halfopen.contract.ddl import DIALECTS, canonical_view, column_type, create_table
from halfopen.contract.load import NAMES, feed
from halfopen.contract.model import Field, Kind
from halfopen.contract.sql import quote

LINEAGE = ["custom", "_window_start", "_window_end", "_fetched_at", "_seq", "_vanished_at"]


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def test_types_are_those_of_the_mirror() -> None:
    types = {kind: column_type(Field(kind=kind, doc="-")) for kind in Kind}
    assert {kind: name for kind, name in types.items() if name != "VARCHAR"} == {
        Kind.INTEGER: "BIGINT",
        Kind.DECIMAL: "DECIMAL(38,18)",
        Kind.BOOLEAN: "BOOLEAN",
        Kind.DATETIME: "TIMESTAMP",
        Kind.DATE: "DATE",
    }


@pytest.mark.parametrize("name", NAMES)
def test_tables_and_views_have_every_column(database: duckdb.DuckDBPyConnection, name: str) -> None:
    database.execute(create_table(feed(name)))
    database.execute(canonical_view(feed(name)))
    expected = ["product", *feed(name).fields, *LINEAGE]
    for relation, columns in ((name, [*expected, "_version"]), (f"{name}_canonical", expected)):
        described = database.execute(f"DESCRIBE {relation}").fetchall()
        assert [row[0] for row in described] == columns
        types = {row[0]: row[1] for row in described}
        assert all(types[column] == column_type(field) for column, field in feed(name).fields.items())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect_names_each_column(dialect: str) -> None:
    for name in NAMES:
        assert all(quote(column) in create_table(feed(name), dialect) for column in feed(name).fields)
        assert all(quote(column) in canonical_view(feed(name), dialect) for column in feed(name).fields)


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(KeyError):
        create_table(feed("players"), "oracle")


@pytest.mark.parametrize(
    ("name", "field", "sent", "shown"),
    [
        ("transactions", "dir", "Out", "OUT"),
        ("transactions", "dir", "deposit", "IN"),
        ("transactions", "type", "normal", "Real"),
        ("transactions", "type", "BONUS", "Prize"),
        ("transactions", "type", "odd one", "odd one"),
        ("transactions", "type", None, None),
        ("transactions", "currency", "usd", "USD"),
        ("transactions", "currency", "POL", "MATIC"),
        ("transactions", "currency", "usdt-trc20", "USDT"),
        ("transactions", "currency", "qqq", "QQQ"),
        ("players", "country", "uk", "GB"),
        ("players", "country", "Liberia", "LR"),
        ("players", "country", "Cote d'Ivoire", "CI"),
        ("players", "country", "DEU", "DE"),
        ("players", "country", "Atlantis", "Atlantis"),
        ("sports_events", "status", "canceled", "cancelled"),
    ],
)
def test_the_view_speaks_canonical_words(
    database: duckdb.DuckDBPyConnection, name: str, field: str, sent: str | None, shown: str | None
) -> None:
    database.execute(create_table(feed(name)).replace(" NOT NULL", "").replace("PRIMARY KEY", "UNIQUE"))
    database.execute(canonical_view(feed(name)))
    database.execute(f"INSERT INTO {name} ({field}) VALUES (?)", [sent])
    assert database.execute(f"SELECT {field} FROM {name}_canonical").fetchall() == [(shown,)]


def test_vocabularies_hold_what_the_requirements_name() -> None:
    assert len(vocabulary.coins()) == 20
    assert vocabulary.minor_digits()["JPY"] == 0
    assert vocabulary.minor_digits()["CUC"] == 2
    assert vocabulary.minor_digits()["XAU"] is None
    assert not {vocabulary.fold(code) for code in vocabulary.coins()} & vocabulary.other_coins()
    assert not vocabulary.other_coins() & vocabulary.currencies().keys()
    assert len(vocabulary.regions()) == 250
    alpha3, countries = vocabulary.alpha3(), vocabulary.countries()
    assert all(countries.get(word, code) == code for word, code in alpha3.items())
