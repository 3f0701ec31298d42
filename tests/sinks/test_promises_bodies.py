"""What every mirror does with bodies: dialects, empty ones, broken ones; and with rows that cannot be used."""

import json
from datetime import datetime, timedelta

import pytest

from halfopen.errors import ContractError
from halfopen.sinks.base import Sink
from halfopen.wire.negotiate import Format
from support.answers import NOON, Answers, csv_of, custom, player, stored, table, transaction

AWKWARD = [
    "",
    None,
    ' "quoted", ',
    "line\r\nline\n",
    "-N5xU",
    "Ññ ไทย 中文 😀",
    "''; DROP TABLE transactions; --",
    "\\N",
    "NULL",
]


@pytest.mark.parametrize("format_", [Format.CSV, Format.NDJSON, Format.JSON])
def test_awkward_texts_come_through_whole(sink: Sink, answer: Answers, format_: Format) -> None:
    rows = [transaction(f"{text}{number}", comment=text) for number, text in enumerate(AWKWARD)]
    sink.apply([answer("transactions", rows, format=format_)])
    found = stored(sink, "transactions")
    assert {key: row["comment"] for key, row in found.items()} == {
        f"{text}{number}": text for number, text in enumerate(AWKWARD)
    }


def test_json_numbers_keep_all_their_digits(sink: Sink, answer: Answers) -> None:
    amount = "12345678901234567890.123456789012345678"
    sink.apply([answer("transactions", [transaction("t", amount=amount)], format=Format.NDJSON)])
    assert str(stored(sink, "transactions")["t"]["amount"]) == amount


@pytest.mark.parametrize(
    ("body", "format_"),
    [
        (csv_of([], transaction("t")), Format.CSV),
        (csv_of([], transaction("t"))[:-2], Format.CSV),
        (b"\xef\xbb\xbf" + csv_of([], transaction("t")), Format.CSV),
        (b"", Format.NDJSON),
        (b"", Format.CSV),
    ],
)
def test_an_answer_without_rows_is_committed(sink: Sink, answer: Answers, body: bytes, format_: Format) -> None:
    [applied] = sink.apply([answer("transactions", body, format=format_)])
    assert (applied.rows, applied.changed) == (0, 0)
    assert table(sink, "SELECT state, rows FROM halfopen.ledger") == [{"state": "committed", "rows": 0}]


@pytest.mark.parametrize(
    "dialect",
    [
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body.replace(b"\r\n", b"\n"),
        lambda body: body[:-2],
        lambda body: body + b"\r\n",
        lambda body: body.replace(b"id,player_id", b"ID, Player_Id "),
        lambda body: body.replace(b"\r\n", b"\n", 1),
    ],
    ids=["bom", "lf", "no last line end", "blank line", "odd case", "mixed line ends"],
)
def test_dialects_of_csv_are_understood(sink: Sink, answer: Answers, dialect: object) -> None:
    body = dialect(csv_of([transaction("1"), transaction("2", comment=None)]))  # type: ignore[operator]  # a lambda of the list above
    assert sink.apply([answer("transactions", body)])[0].changed == 2
    assert set(stored(sink, "transactions")) == {"1", "2"}


@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r"])
def test_the_name_of_a_column_may_have_a_line_end(sink: Sink, answer: Answers, inside: str) -> None:
    name = f"two{inside}lines"
    sink.apply([answer("transactions", [transaction("1", **{name: "x"}), transaction("2", **{name: None})])])
    found = stored(sink, "transactions")
    assert set(found) == {"1", "2"}
    assert custom(found["1"]) == {name: "x"}


def test_a_long_value_is_taken(sink: Sink, answer: Answers) -> None:
    text = 'x,"\n' * 1_000_000
    sink.apply([answer("transactions", [transaction("t", comment=text)])])
    assert stored(sink, "transactions")["t"]["comment"] == text


def test_columns_may_have_the_products_names(sink: Sink, answer: Answers) -> None:
    rows = [{("uid" if name == "id" else name): value for name, value in player("u", vip="1").items()}]
    sink.apply([answer("players", rows, columns={"id": "uid"})])
    assert custom(stored(sink, "players")["u"]) == {"vip": "1"}


def test_a_synonym_of_the_cursor_is_taken_with_a_finding(sink: Sink, answer: Answers) -> None:
    rows = [{("modified_at" if name == "updated_at" else name): value for name, value in transaction("t").items()}]
    [applied] = sink.apply([answer("transactions", rows)])
    assert (applied.changed, applied.findings) == (1, 1)
    [finding] = table(sink, "SELECT code, sample FROM halfopen.findings")
    assert (finding["code"], json.loads(finding["sample"])["value"]) == ("cursor_synonym", "modified_at")


def test_two_columns_of_one_name_lose_nothing(sink: Sink, answer: Answers) -> None:
    body = b"id,registered_at,modified_at,city,city\r\nu,2026-01-01 00:00:00,2026-03-01 12:00:10,Riga,Oslo\r\n"
    sink.apply([answer("players", body)])
    row = stored(sink, "players")["u"]
    assert (row["city"], custom(row)) == ("Riga", {"city": "Oslo"})


@pytest.mark.parametrize("currency", ["EUR", "ZZZ"], ids=["plain", "odd"])
def test_a_field_without_a_name_is_kept_by_its_place(sink: Sink, answer: Answers, currency: str) -> None:
    rows = [{"": "x", **transaction("1", currency=currency), "column 1": "z"}, {"": "y", **transaction("2")}]
    sink.apply([answer("transactions", csv_of(rows[1:], rows[0]), format=Format.CSV)])
    sink.apply([answer("transactions", rows, format=Format.NDJSON, rung=1)])
    found = stored(sink, "transactions")
    assert custom(found["1"]) == {"column 1": "z", "column 1 again": "x"}
    assert custom(found["2"]) == {"column 1 again": "y"}


@pytest.mark.parametrize("format_", [Format.CSV, Format.NDJSON])
def test_names_that_differ_in_case_are_kept_apart(sink: Sink, answer: Answers, format_: Format) -> None:
    first = transaction("1", VIP="a", vip="b", Comment="loose", comment="exact", COMMENT=None)
    second = transaction("2", VIP=None, vip="c", Comment=None, comment="exact", COMMENT="shout")
    [applied] = sink.apply([answer("transactions", [first, second], format=format_)])
    assert (applied.changed, applied.findings) == (2, 2)
    found = stored(sink, "transactions")
    assert {key: row["comment"] for key, row in found.items()} == {"1": "exact", "2": "exact"}
    assert custom(found["1"]) == {"VIP": "a", "vip": "b", "Comment": "loose"}
    assert custom(found["2"]) == {"vip": "c", "COMMENT": "shout"}
    sink.apply([answer("transactions", [transaction("1", "2026-03-01 12:00:20", vip="d")], format=format_, rung=1)])
    assert custom(stored(sink, "transactions")["1"]) == {"VIP": "a", "vip": "d", "Comment": "loose"}
    assert table(sink, "SELECT count FROM halfopen.findings WHERE code = 'duplicate_column'") == [{"count": 2}]


def test_rows_of_json_may_write_a_name_each_in_its_case(sink: Sink, answer: Answers) -> None:
    rows = [transaction("1", VIP="a"), transaction("2", vip="b"), transaction("3", amount="x", vip="c")]
    [applied] = sink.apply([answer("transactions", rows, format=Format.NDJSON)])
    assert (applied.rows, applied.changed, applied.quarantined) == (3, 2, 1)
    found = stored(sink, "transactions")
    assert (custom(found["1"]), custom(found["2"])) == ({"VIP": "a"}, {"vip": "b"})
    [held] = table(sink, "SELECT raw FROM halfopen.quarantine")
    assert {name: value for name, value in json.loads(held["raw"]).items() if value is not None} == rows[2]


@pytest.mark.parametrize("format_", [Format.CSV, Format.NDJSON])
def test_a_name_may_have_a_nul(sink: Sink, answer: Answers, format_: Format) -> None:
    rows = [transaction("1", **{"n\0m": "x"}), transaction("2", **{"n\0m": None}, amount="y")]
    [applied] = sink.apply([answer("transactions", rows, format=format_)])
    assert (applied.changed, applied.quarantined) == (1, 1)
    assert custom(stored(sink, "transactions")["1"]) == {"n\ufffdm": "x"}
    [finding] = table(sink, "SELECT count, sample FROM halfopen.findings WHERE code = 'nul_character'")
    assert (finding["count"], json.loads(finding["sample"])["field"]) == (1, "n\ufffdm")


def test_rows_without_any_field_beside_others_are_held(sink: Sink, answer: Answers) -> None:
    [applied] = sink.apply([answer("transactions", [{}, transaction("1"), {}], format=Format.NDJSON)])
    assert (applied.rows, applied.changed, applied.quarantined) == (3, 1, 2)
    assert table(sink, "SELECT rows, quarantined FROM halfopen.ledger") == [{"rows": 3, "quarantined": 2}]


@pytest.mark.parametrize(
    ("body", "format_", "word"),
    [
        (csv_of([transaction("1"), transaction("2")])[:-2] + b',"open\r\n' + b"x" * 100, Format.CSV, "quote"),
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", Format.CSV, "no column 'id'"),
        (csv_of([{"name": "x"}]), Format.CSV, "no column 'id'"),
        (b'{"id": "1", "amount": "2"}\n{"id": "2"', Format.NDJSON, "NDJSON"),
        (b'{"name": "x"}\n', Format.NDJSON, "no column 'id'"),
        (b"{}\n{}\n", Format.NDJSON, "no column 'id' nor any other in 2 rows"),
    ],
)
def test_a_body_that_is_none_is_refused_and_nothing_written(
    sink: Sink, answer: Answers, body: bytes, format_: Format, word: str
) -> None:
    good = answer("transactions", [transaction("good")])
    with pytest.raises(ContractError) as refused:
        sink.apply([good, answer("transactions", body, format=format_)])
    assert word in str(refused.value)
    assert "\n" not in str(refused.value)
    assert stored(sink, "transactions") == {}
    assert table(sink, "SELECT * FROM halfopen.ledger") == []
    assert sink.apply([good])[0].changed == 1


def test_rows_with_the_wrong_number_of_fields_are_held_and_the_others_kept(sink: Sink, answer: Answers) -> None:
    sound = csv_of([transaction("1", comment="a,\r\nb"), transaction("2", comment='"')])
    body = sound + b"short,row\r\n" + csv_of([transaction("3", comment="c")]).split(b"\r\n")[1] + b",more\r\n"
    [applied] = sink.apply([answer("transactions", body)])
    assert (applied.rows, applied.changed, applied.quarantined) == (4, 2, 2)
    assert stored(sink, "transactions")["1"]["comment"] == "a,\r\nb"
    held = table(sink, "SELECT codes, raw, times, state FROM halfopen.quarantine ORDER BY raw::text")
    assert [row["codes"] for row in held] == ["csv_ragged_row"] * 2
    assert json.loads(held[1]["raw"])["csv"] == "short,row"
    sink.apply([answer("transactions", body, rung=1)])
    assert [row["times"] for row in table(sink, "SELECT times FROM halfopen.quarantine")] == [2, 2]
    assert table(sink, "SELECT count FROM halfopen.findings WHERE code = 'csv_ragged_row'") == [{"count": 2}]


def test_a_row_that_is_not_utf8_is_held_with_its_bytes(sink: Sink, answer: Answers) -> None:
    body = csv_of([transaction("1", comment="ok")]) + csv_of([transaction("2", comment="caf!")]).split(b"\r\n")[1]
    [applied] = sink.apply([answer("transactions", body.replace(b"!", b"\xe9"))])
    assert (applied.rows, applied.changed, applied.quarantined) == (2, 1, 1)
    [held] = table(sink, "SELECT codes, raw FROM halfopen.quarantine")
    assert (held["codes"], json.loads(held["raw"])["csv"][-7:]) == ("csv_broken_row", "caf\\xe9")


def test_an_unusable_row_is_held_whole_with_its_codes(sink: Sink, answer: Answers) -> None:
    bad = transaction("b", amount="1,5", currency=None, dir="sideways", extra='"x"')
    [applied] = sink.apply([answer("transactions", [transaction("a", extra="1"), bad])])
    assert (applied.rows, applied.changed, applied.quarantined) == (2, 1, 1)
    [held] = table(sink, "SELECT * FROM halfopen.quarantine")
    assert (held["product"], held["feed"], held["key"], held["state"], held["times"]) == (
        "vegas",
        "transactions",
        "b",
        "held",
        1,
    )
    assert held["codes"] == "invalid_number:amount, required_field_missing:currency, invalid_enum:dir"
    assert json.loads(held["raw"]) == bad
    assert "b" not in stored(sink, "transactions")


def test_a_row_is_held_once_however_often_it_comes(sink: Sink, answer: Answers) -> None:
    bad = transaction("b", amount="x")
    first, second = NOON + timedelta(minutes=1), NOON + timedelta(minutes=9)
    sink.apply([answer("transactions", [bad], fetched_at=first)])
    sink.apply([answer("transactions", [bad], rung=1, fetched_at=second)])
    sink.apply([answer("transactions", [{**bad, "amount": "y"}], rung=2)])
    held = table(sink, "SELECT times, first_seen, last_seen FROM halfopen.quarantine ORDER BY times DESC")
    assert [row["times"] for row in held] == [2, 1]
    assert held[0]["first_seen"] == first.replace(tzinfo=None)
    assert held[0]["last_seen"] == second.replace(tzinfo=None)
    counts = table(sink, "SELECT sum(count)::INT AS n FROM halfopen.findings WHERE code = 'invalid_number'")
    assert counts == [{"n": 2}]


def test_a_row_is_held_once_whatever_columns_its_neighbours_bring(sink: Sink, answer: Answers) -> None:
    bad = transaction("b", amount="x")
    sink.apply([answer("transactions", [bad], format=Format.NDJSON)])
    sink.apply([answer("transactions", [transaction("a", comment="more"), bad], format=Format.NDJSON, rung=1)])
    assert [row["times"] for row in table(sink, "SELECT times FROM halfopen.quarantine")] == [2]


def test_a_newer_good_version_supersedes_what_is_held(sink: Sink, answer: Answers) -> None:
    sink.apply(
        [answer("transactions", [transaction("b", "2026-03-01 12:00:30", amount="x"), transaction("c", amount="x")])]
    )
    sink.apply([answer("transactions", [transaction("b", "2026-03-01 12:00:20"), transaction("d")])])
    states = "SELECT key, state FROM halfopen.quarantine ORDER BY key"
    assert table(sink, states) == [{"key": "b", "state": "held"}, {"key": "c", "state": "held"}]
    sink.apply([answer("transactions", [transaction("b", "2026-03-01 12:00:40")])])
    assert table(sink, states) == [{"key": "b", "state": "superseded"}, {"key": "c", "state": "held"}]
    assert sink.status()["products"]["vegas"]["feeds"]["transactions"]["quarantined"] == 1


def test_a_required_column_that_is_absent_holds_every_row(sink: Sink, answer: Answers) -> None:
    rows = [{k: v for k, v in transaction(key).items() if k != "amount"} for key in "ab"]
    [applied] = sink.apply([answer("transactions", rows)])
    assert (applied.changed, applied.quarantined) == (0, 2)
    assert {row["codes"] for row in table(sink, "SELECT codes FROM halfopen.quarantine")} == {
        "required_field_missing:amount"
    }


def test_a_row_without_a_key_is_held(sink: Sink, answer: Answers) -> None:
    rows = [transaction("a"), {**transaction(""), "id": None}, {**transaction(""), "id": ""}]
    assert sink.apply([answer("transactions", rows)])[0].quarantined == 2
    assert len(table(sink, "SELECT * FROM halfopen.quarantine WHERE key = ''")) == 2


def test_findings_are_counted_by_code_and_day_with_a_sample(sink: Sink, answer: Answers) -> None:
    rows = [transaction(str(n), currency="ZZZ" if n < 3 else "EUR") for n in range(5)]
    sink.apply([answer("transactions", rows)])
    sink.apply([answer("transactions", rows, rung=1)])
    sink.apply([answer("transactions", [transaction("9", currency="ZZY")], fetched_at=NOON + timedelta(days=1))])
    found = table(sink, "SELECT code, day, count, sample FROM halfopen.findings ORDER BY day")
    assert [(row["code"], row["day"].day, row["count"]) for row in found] == [
        ("invalid_currency", 1, 3),
        ("invalid_currency", 2, 1),
    ]
    assert json.loads(found[0]["sample"]) == {"field": "currency", "value": "ZZZ"}


def test_a_credential_is_nowhere_in_the_mirror(sink: Sink, answer: Answers) -> None:
    rows = [
        {"player_id": "p", "login_token": "s3cret-token", "updated_at": "never"},
        {"player_id": None, "login_token": "s3cret-token", "updated_at": "2026-03-01 12:00:00"},
    ]
    body = csv_of(rows) + b"q,s3cret-token\r\n"
    assert sink.apply([answer("auto_logins", body)])[0].quarantined == 3
    for name in ("auto_logins", "halfopen.quarantine", "halfopen.findings"):
        assert "s3cret" not in repr(sink.query(f"SELECT * FROM {name}"))
    assert [datetime.fromisoformat(str(row["first_seen"])) for row in table(sink, "SELECT * FROM halfopen.quarantine")]
