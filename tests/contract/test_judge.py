from collections.abc import Iterator, Mapping

import duckdb
import pytest

from halfopen.contract.codes import DOC, SEVERITY, severity
from halfopen.contract.judge import suspects, typed, violations
from halfopen.contract.load import NAMES, feed
from halfopen.contract.model import Kind
from halfopen.contract.sql import quote

GOOD = {
    Kind.STRING: "a,b;\n'c'",
    Kind.INTEGER: "7",
    Kind.DECIMAL: "12.34",
    Kind.BOOLEAN: "true",
    Kind.DATETIME: "2023-07-20 17:15:38",
    Kind.DATE: "1974-10-17",
    Kind.CURRENCY: "USD",
    Kind.COUNTRY: "Liberia",
    Kind.LOCALE: "ro_MD",
    Kind.TIMEZONE: "Europe/London",
    Kind.IP: "242.236.212.175",
    Kind.EMAIL: "a@example.com",
    Kind.PHONE: "+12025550123",
    Kind.URL: "https://example.com/a",
}
Row = dict[str, str | None]


def good(name: str) -> Row:
    return {
        column: next(iter(field.values)) if field.kind is Kind.CHOICE else GOOD[field.kind]
        for column, field in feed(name).fields.items()
    }


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def stage(database: duckdb.DuckDBPyConnection, columns: list[str], rows: list[Row]) -> None:
    listed = ", ".join(f"{quote(column)} VARCHAR" for column in columns)
    database.execute(f"CREATE OR REPLACE TABLE texts (_n BIGINT, {listed})")
    marks = ", ".join("?" * (len(columns) + 1))
    for number, row in enumerate(rows):
        database.execute(f"INSERT INTO texts VALUES ({marks})", [number, *(row[column] for column in columns)])


def judge(
    database: duckdb.DuckDBPyConnection, name: str, *changes: Mapping[str, str | None], absent: tuple[str, ...] = ()
) -> set[tuple[object, ...]]:
    """The verdict of good rows with these changes: (row, code, field, value, unusable)."""
    columns = [column for column in feed(name).fields if column not in absent]
    stage(database, columns, [good(name) | dict(change) for change in changes])
    found = database.execute(violations(feed(name), "texts", columns)).fetchall()
    assert len(found) == len(set(found))
    flags = database.execute(suspects(feed(name), "texts", columns)).fetchone() or ()
    doubted = {column for column, flag in zip(columns, flags, strict=True) if flag}
    assert {field for _, _, field, _, _ in found if field not in absent} <= doubted
    again = database.execute(violations(feed(name), "texts", columns, doubted)).fetchall()
    assert set(again) == set(found)
    return set(found)


@pytest.mark.parametrize("name", NAMES)
def test_good_rows_have_nothing_against_them(database: duckdb.DuckDBPyConnection, name: str) -> None:
    optional = {column: None for column, field in feed(name).fields.items() if not field.required}
    assert judge(database, name, {}, optional, dict.fromkeys(optional, "")) == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_required_field_missing_or_empty(database: duckdb.DuckDBPyConnection, name: str) -> None:
    for field in feed(name).required:
        assert judge(database, name, {}, {field: None}, {field: ""}, {field: " \t"}) == {
            (1, "required_field_missing", field, None, True),
            (2, "required_field_empty", field, "***" if feed(name).fields[field].secret else "", True),
            (3, "required_field_empty", field, "***" if feed(name).fields[field].secret else " \t", True),
        }


def test_a_required_column_that_is_absent_spoils_every_row(database: duckdb.DuckDBPyConnection) -> None:
    assert judge(database, "wallets", {}, {}, absent=("currency", "is_primary")) == {
        (0, "required_field_missing", "currency", None, True),
        (1, "required_field_missing", "currency", None, True),
    }


@pytest.mark.parametrize(
    ("name", "change", "code", "unusable"),
    [
        ("players", {"modified_at": "2023-02-30 00:00:00"}, "invalid_datetime", True),
        ("players", {"modified_at": "0000-00-00 00:00:00"}, "invalid_datetime", True),
        ("players", {"birthday": "1900-01-01"}, "invalid_date", False),
        ("players", {"self_excluded": "maybe"}, "invalid_boolean", False),
        ("players", {"gender": "Male"}, "enum_case", False),
        ("players", {"gender": "robot"}, "invalid_enum", False),
        ("players", {"country": "Atlantis"}, "invalid_country", False),
        ("players", {"ip": "1.2.3"}, "invalid_ip", False),
        ("players", {"timezone": "Mars/One"}, "invalid_timezone", False),
        ("players", {"locale": "xx_YY"}, "invalid_locale", False),
        ("players", {"id": "7 "}, "id_whitespace", False),
        ("players", {"id": "\n7"}, "id_whitespace", False),
        ("players", {"modified_at": "2023-07-20T17:15:39Z"}, "datetime_not_plain", False),
        ("players", {"modified_at": "2023-07-20 17:15:39.250"}, "datetime_not_plain", False),
        ("players", {"registered_at": "2023-07-20 17:15:39"}, "created_after_updated", False),
        ("contacts", {"email": "[email protected]"}, "invalid_email", False),
        ("contacts", {"phone": "1-646-244-1503"}, "phone_not_e164", False),
        ("contacts", {"phone_confirmed_at": "2023-07-20 23:59:38"}, "created_after_updated", False),
        ("transactions", {"amount": "1E-8"}, "invalid_number", True),
        ("transactions", {"amount": "1,000.00"}, "invalid_number", True),
        ("transactions", {"amount": "-5"}, "negative_amount", False),
        ("transactions", {"amount": "0.30000000000000004"}, "float_noise", False),
        ("transactions", {"amount": "1089.9999999999998"}, "float_noise", False),
        ("transactions", {"currency": "QQQ"}, "invalid_currency", False),
        ("transactions", {"currency": "XMR"}, "unsupported_crypto", False),
        ("transactions", {"dir": "sideways"}, "invalid_enum", False),
        ("transactions", {"dir": "Out"}, "enum_case", False),
        ("transactions", {"type": "normal"}, "enum_case", False),
        ("transactions", {"wallet_id": " 8B"}, "id_whitespace", False),
        ("logins", {"host": "casino"}, "invalid_url", False),
        ("bonus_list", {"modified_at": "yesterday"}, "invalid_datetime", True),
        ("bonus_list", {"created_at": "yesterday"}, "invalid_datetime", False),
        ("bonus_assignments", {"used": "2"}, "invalid_boolean", False),
        ("game_activity", {"bet_count": "1.5"}, "invalid_number", True),
        ("game_activity", {"bet_count": "0"}, "count_without_amount", False),
        ("game_activity", {"bet_count": "0", "bet_amount": "0.50"}, "count_without_amount", False),
        ("game_activity", {"win_count": "0", "win_amount": ".5"}, "count_without_amount", False),
        ("game_activity", {"win_count": "3", "win_amount": "0.00"}, "count_without_amount", False),
        ("sports_odds", {"ratio": "0.99"}, "below_minimum", False),
        ("sports_odds", {"ratio": "-110"}, "below_minimum", False),
    ],
)
def test_each_code(
    database: duckdb.DuckDBPyConnection, name: str, change: dict[str, str], code: str, *, unusable: bool
) -> None:
    found = judge(database, name, {}, change)
    field = next((column for column in change if column in {f[2] for f in found}), None)
    assert found == {(1, code, field, change[field] if field else None, unusable)}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("players", {"registered_at": "2023-07-20 17:15:38", "modified_at": "2023-07-20 17:15:38"}),
        ("players", {"gender": "f", "country": "uk"}),
        ("game_activity", {"bet_count": "13", "bet_amount": "0"}),
        ("game_activity", {"win_count": "0", "win_amount": "0.000"}),
        ("transactions", {"amount": "0.040000000000000000"}),
        ("game_activity", {"bet_count": "13.0", "game_code": "5"}),
        ("transactions", {"amount": "0"}),
        ("transactions", {"amount": "-0.00"}),
        ("transactions", {"amount": "0.000000000000000001"}),
        ("transactions", {"amount": "1000000.000000000000000001"}),
        ("transactions", {"amount": "99999999999999999999.999999999999999999"}),
        ("transactions", {"currency": "usdt_trc20", "requisite": "4916-****-****-8"}),
        ("transactions", {"requisite": "4111 1111 1111 1112"}),
        ("sports_bets", {"type": "anything goes"}),
        ("sports_odds", {"ratio": "1"}),
        ("wallets", {"is_primary": "0", "type": "Normal"}),
    ],
)
def test_no_false_alarm(database: duckdb.DuckDBPyConnection, name: str, change: dict[str, str]) -> None:
    assert judge(database, name, change) == set()


def test_a_fraction_cut_from_one_of_two_stamps_is_no_wrong_order(database: duckdb.DuckDBPyConnection) -> None:
    found = judge(database, "wallets", {"created_at": "2023-07-20 17:15:38.9"})
    assert {code for _, code, *_ in found} == {"datetime_not_plain"}


def test_order_is_by_moment_not_by_text(database: duckdb.DuckDBPyConnection) -> None:
    later_text = {"created_at": "2023-07-20T19:00:00+03:00"}
    earlier_text = {"created_at": "2023-07-20T16:00:00-03:00"}
    codes = [code for _, code, *_ in judge(database, "wallets", later_text)]
    assert codes == ["datetime_not_plain"]
    assert "created_after_updated" in {code for _, code, *_ in judge(database, "wallets", earlier_text)}


def test_a_bare_card_number_is_found_and_not_repeated(database: duckdb.DuckDBPyConnection) -> None:
    found = judge(database, "transactions", {"requisite": "4111-1111-1111-1111"}, {"requisite": "4111111111111112"})
    assert found == {(0, "unmasked_requisite", "requisite", "***************1111", False)}


def test_a_credential_is_never_quoted(database: duckdb.DuckDBPyConnection) -> None:
    found = judge(database, "auto_logins", {"login_token": " "})
    assert found == {(0, "required_field_empty", "login_token", "***", True)}


def test_a_row_may_have_several_codes_and_a_field_too(database: duckdb.DuckDBPyConnection) -> None:
    found = judge(database, "transactions", {"amount": "-0.30000000000000004", "currency": "??", "id": None})
    assert {(code, field) for _, code, field, _, _ in found} == {
        ("negative_amount", "amount"),
        ("float_noise", "amount"),
        ("invalid_currency", "currency"),
        ("required_field_missing", "id"),
    }


def test_a_long_wrong_value_is_cut(database: duckdb.DuckDBPyConnection) -> None:
    (found,) = judge(database, "transactions", {"amount": "9" * 5000})
    assert found == (0, "invalid_number", "amount", "9" * 200, True)


def test_typed_keeps_the_columns_asked_for_in_their_order(database: duckdb.DuckDBPyConnection) -> None:
    stage(database, ["balance", "id", "vip"], [{"balance": "", "id": "", "vip": "x"}])
    result = database.execute(typed(feed("wallets"), "texts", ["vip", "balance", "id"]))
    assert [column[0] for column in result.description or []] == ["_n", "vip", "balance", "id"]
    assert result.fetchall() == [(0, "x", None, "")]


def test_every_code_has_a_severity_and_a_line() -> None:
    assert SEVERITY.keys() == DOC.keys()
    assert severity("invalid_enum", "transactions", "dir") == "MUST"
    assert severity("invalid_enum", "players", "gender") == "SHOULD"
    assert severity("created_after_updated", "game_activity", "created_at") == "MUST"
