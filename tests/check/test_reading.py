import json

import pytest

from halfopen.check.body import Body
from halfopen.check.reading import read
from halfopen.contract.load import feed

LOGINS = feed("logins")
ROWS = [
    {"id": "1", "player_id": "p", "created_at": "2026-01-01 07:00:00"},
    {"id": "2", "player_id": "p", "created_at": "2026-01-01 07:00:01"},
]
CSV = b"id,player_id,created_at\r\n1,p,2026-01-01 07:00:00\r\n2,p,2026-01-01 07:00:01\r\n"


def logins(content: bytes | str, media_type: str = "") -> Body:
    return read(content if isinstance(content, bytes) else content.encode(), LOGINS, {}, media_type)


def code(content: bytes | str, media_type: str = "") -> str | None:
    problem = logins(content, media_type).problem
    return problem.code if problem else None


def test_csv_and_json_of_the_same_rows_read_alike() -> None:
    for content in (CSV, json.dumps(ROWS).encode(), b"\n".join(json.dumps(row).encode() for row in ROWS)):
        body = logins(content)
        assert body.problem is None
        assert [dict(zip(body.columns, row, strict=True)) for row in body.rows] == ROWS


@pytest.mark.parametrize(
    ("expected", "content"),
    [
        ("html_instead_of_data", "<!doctype html><title>login</title>"),
        ("charset_wrong", CSV.replace(b"p,", b"\xfc,")),
        ("csv_delimiter", CSV.replace(b",", b";")),
        ("csv_header_missing", CSV.split(b"\r\n", 1)[1]),
        ("csv_ragged_row", CSV + b"3,p\r\n"),
        ("csv_ragged_row", CSV.replace(b"\r\n", b"\r\n\r\n")),
        ("csv_unescaped", CSV + b"3,p,2026-01-01 07:00:02,Mozilla\r\n"),
        ("csv_unescaped", CSV + b"3,p,2026-01-01 07:00:02,Mozilla"),
        ("csv_unescaped", CSV + b'3,say "hi",2026-01-01 07:00:02\r\n'),
        ("unparseable_body", CSV + b"3,p"),
        ("unparseable_body", CSV + b'3,"p'),
        ("unparseable_body", "database is gone"),
        ("unparseable_body", json.dumps(ROWS)[:-9]),
        ("unparseable_body", json.dumps(ROWS).replace("}]", "},]")),
        ("json_nan", '[{"id": "1", "player_id": NaN}]'),
        ("error_as_200", '{"error": "no such table"}'),
        ("error_as_200", '{"status": "error", "message": "later"}'),
        ("error_as_200", '{"code": 500, "data": []}'),
        ("json_not_array", "null"),
        ("json_not_array", "{}"),
        ("json_not_array", '{"1": {"player_id": "p"}}'),
    ],
)
def test_what_is_broken_has_its_code(expected: str, content: bytes | str) -> None:
    assert code(content) == expected


@pytest.mark.parametrize(
    ("envelope", "content"),
    [("data", {"data": ROWS, "total": 2}), ("data.items", {"data": {"items": ROWS}, "error": None})],
)
def test_an_envelope_is_opened(envelope: str, content: dict[str, object]) -> None:
    body = logins(json.dumps(content))
    assert (body.envelope, len(body.rows), body.problem) == (envelope, 2, None)


def test_nan_within_a_text_is_a_text() -> None:
    assert code('[{"id": "1", "player_id": ": NaN,"}]') is None


def test_numbers_keep_their_digits_and_types_are_told() -> None:
    body = logins('[{"id": 12345678901234567890, "is_success": true, "ratio": 0.10, "player_id": null}]')
    assert body.rows == [("12345678901234567890", "true", "0.10", None)]
    assert [next(iter(types), None) for types in body.types.values()] == ["number", "boolean", "number", None]


def test_an_empty_text_is_no_null() -> None:
    assert logins('id,player_id,created_at\r\n1,"",\r\n').rows == [("1", "", None)]


def test_no_byte_is_told_from_no_rows() -> None:
    assert logins(b"").shape == "nothing"
    assert logins(CSV.split(b"\r\n", 1)[0] + b"\r\n").shape == "empty"
    assert logins(b"[]").shape == "empty"


def test_a_comma_too_many_is_no_cut() -> None:
    whole = json.dumps(ROWS)
    for content, also in (
        (whole.replace("}]", "},]"), ()),
        (whole[:-1], ("body_truncated",)),
        (whole[:-9], ("body_truncated",)),
    ):
        problem = logins(content).problem
        assert problem is not None
        assert (problem.code, problem.also) == ("unparseable_body", also)


def test_a_cut_body_says_so() -> None:
    problem = logins(CSV + b'3,"p').problem
    assert problem is not None
    assert problem.also == ("body_truncated",)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r\n\r\n\n"])
def test_blank_lines_at_the_end_cost_no_row(end: bytes) -> None:
    body = logins(CSV + end)
    assert (body.problem, len(body.rows)) == (None, 2)
    assert "csv_ragged_row" in body.notes
    assert logins(CSV.split(b"\r\n")[0] + b"\r\n" + end).shape == "empty"
    assert not logins(CSV).notes
    assert code(CSV + b'3,p,"2026' + end) == "unparseable_body"


def test_a_header_that_comes_again_is_no_row() -> None:
    head, first, second, _ = CSV.split(b"\r\n")
    body = logins(b"\r\n".join([head, first, head, second, b""]))
    assert (body.problem, [row[0] for row in body.rows]) == (None, ["1", "2"])
    assert "csv_header_changes" in body.notes
