"""What Python reads of a small body is what DuckDB reads of it, and what is odd in any way is left to DuckDB."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from halfopen.contract.sql import quote
from halfopen.sinks.base import Answer
from halfopen.sinks.listed import MOST_BYTES, Listed, listed
from halfopen.sinks.stage import stage
from halfopen.wire.negotiate import Format
from support.answers import Answers, csv_of, ndjson_of, player, session, transaction
from support.memory_sink import MemorySink

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    ["", "NULL", "null", ' "', "a,b", 'say ""', "line\nline", "line\r\nline", "\ufeff", " blank ", "\u2028", "\r", "'"]
)
BOM = b"\xef\xbb\xbf"
FORMATS = st.sampled_from([Format.CSV, Format.NDJSON])
ROWS = st.lists(st.none() | TEXT, min_size=1, max_size=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bodies")


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


@pytest.fixture(scope="module")
def answer(folder: Path) -> Answers:
    return Answers(MemorySink(), folder)


def staged(database: duckdb.DuckDBPyConnection, answer: Answer, names: list[str]) -> list[tuple[Any, ...]]:
    found = stage(database, answer, answer.body, answer.body.with_suffix(".mended"), "stage_0")
    assert not found.broken
    columns = ", ".join(map(quote, names))
    return database.execute(f"SELECT {columns} FROM stage_0 ORDER BY rowid").fetchall()


def rows(found: Listed) -> list[tuple[Any, ...]]:
    return list(zip(*found.texts.values(), strict=True))


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(ROWS, ROWS, st.sampled_from([b"\r\n", b"\n"]), st.sampled_from([b"", BOM]), FORMATS)
@example(["x"], [None, "", "a,b"], b"\n", BOM, Format.CSV)
@example(['"'], ["\n", "\r\n", "NULL"], b"\r\n", b"", Format.CSV)
def test_python_reads_what_duckdb_reads(  # noqa: PLR0917 - what hypothesis draws
    database: duckdb.DuckDBPyConnection,
    answer: Answers,
    comments: list[str | None],
    tags: list[str | None],
    end: bytes,
    bom: bytes,
    format_: Format,
) -> None:
    told = [
        transaction(f"k{n}", comment=comment, tag=tag)
        for n, (comment, tag) in enumerate(zip(comments, tags, strict=False))
    ]
    body = bom + csv_of(told).replace(b"\r\n", end) if format_ is Format.CSV else ndjson_of(told)
    one = answer("transactions", body, format=format_)
    found = listed(one)
    assume(found is not None)
    assert found is not None
    assert rows(found) == staged(database, one, list(found.texts))


def test_plain_rows_are_listed(answer: Answers) -> None:
    for format_ in (Format.CSV, Format.NDJSON):
        found = listed(answer("players", [player("a", vip="3"), player("b", vip=None)], format=format_))
        assert found is not None
        assert found.rows == 2
        assert list(found.keys) == ["a", "b"]
        assert list(found.texts["_x0"]) == ["3", None]


@pytest.mark.parametrize(
    ("feed", "body"),
    [
        ("transactions", csv_of([transaction("1"), transaction("1")])),
        ("transactions", csv_of([transaction("1", amount="x")])),
        ("transactions", csv_of([transaction("1", currency="QQQ")])),
        ("transactions", csv_of([transaction("1")]) + b"1,2\r\n"),
        ("transactions", csv_of([transaction("1")]) + b'"open'),
        ("transactions", csv_of([transaction("1", comment="a\0b")])),
        ("transactions", csv_of([transaction("1", comment="a")]).replace(b"comment", b"ID")),
        ("transactions", csv_of([transaction("1")]).replace(b"updated_at", b"modified_at")),
        ("transactions", csv_of([transaction("1", comment="x" * MOST_BYTES)])),
        ("transactions", csv_of([transaction("1", comment="\xff")]).replace("\xff".encode(), b"\xff")),
        ("game_activity", csv_of([session("1", bet_count="0")])),
        ("players", csv_of([{"id": "1", "modified_at": "2026-03-01 12:00:10"}])),
        ("players", csv_of([{"registered_at": "2026-01-01 00:00:00", "modified_at": "2026-03-01 12:00:10"}])),
        ("players", b""),
        ("players", b"id,modified_at\r\n"),
    ],
)
def test_anything_odd_is_left_to_the_stage(answer: Answers, feed: str, body: bytes) -> None:
    assert listed(answer(feed, body)) is None


@pytest.mark.parametrize("line", [b'{"id": 1}\n', b"[1]\n", b"nothing\n", b'{"id": {"a": "b"}}\n'])
def test_lines_that_are_not_texts_are_left_to_the_stage(answer: Answers, line: bytes) -> None:
    assert listed(answer("players", line, format=Format.NDJSON)) is None
