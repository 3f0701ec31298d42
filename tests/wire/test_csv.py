import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.errors import BodyError
from halfopen.wire.csv import LONGEST_ROW, line, read

awkward = st.text(st.sampled_from('",\r\n;x é€😀\ufeff\x00\t'), max_size=6)
texts = st.one_of(awkward, st.text(max_size=8))
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(st.none() | texts, min_size=width, max_size=width), min_size=1, max_size=6).filter(
        lambda rows: not (rows[0][0] or "").startswith("\ufeff")
    )
)
bodies = st.one_of(
    tables.map(lambda rows: b"".join(map(line, rows))),
    st.lists(st.sampled_from([b'"', b",", b"\r\n", b"\n", b"\r", b"x", "é".encode(), b"\xff"]), max_size=14).map(
        b"".join
    ),
)


def written(rows) -> bytes:
    return b"".join(map(line, rows))


def outcome(blocks) -> tuple[list[list[str | None]], str | None]:
    rows: list[list[str | None]] = []
    try:
        rows.extend(read(blocks))
    except BodyError as problem:
        return rows, str(problem)
    return rows, None


def in_pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    return [body[start:end] for start, end in pairwise([0, *sorted(cuts), len(body)])]


def test_writes_rfc_4180_with_quotes_only_where_needed():
    assert line(["id", "a,b", 'say "x"', "two\r\nlines", "it's; fine ", "", None]) == (
        b'id,"a,b","say ""x""","two\r\nlines",it\'s; fine ,"",\r\n'
    )
    assert line([None]) == b"\r\n"
    assert line(["é"]) == b"\xc3\xa9\r\n"


@given(tables)
def test_what_is_written_reads_back_with_null_and_empty_apart(rows):
    assert list(read([written(rows)])) == rows


@given(tables)
def test_the_standard_library_reads_the_same(rows):
    body = written(rows).decode()
    theirs = list(csv.reader(io.StringIO(body, newline=""), strict=True))
    ours = [[value or "" for value in row] for row in rows]
    # The standard library drops the lone empty field of a row of one column.
    assert theirs == [[] if row == [None] else blank for row, blank in zip(rows, ours, strict=True)]


@given(tables)
def test_reads_what_the_standard_library_writes(rows):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([value or "x" for value in row] for row in rows)
    assert list(read([out.getvalue().encode()])) == [[value or "x" for value in row] for row in rows]


@given(bodies, st.data())
def test_any_chunking_gives_the_same_rows_and_the_same_error(body: bytes, data):
    whole = outcome([body])
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=6))
    assert outcome(in_pieces(body, cuts)) == whole
    assert outcome([body[at : at + 1] for at in range(len(body))]) == whole


def test_every_cut_of_an_awkward_body_gives_the_same_rows():
    body = b'\xef\xbb\xbfid,note\r\n1,"a ""b""\r\n, \xf0\x9f\x98\x80"\r\n,""\r\n"",x'
    rows = [["id", "note"], ["1", 'a "b"\r\n, 😀'], [None, ""], ["", "x"]]
    for first in range(len(body) + 1):
        for second in range(first, len(body) + 1):
            assert list(read([body[:first], body[first:second], body[second:]])) == rows


def test_rows_come_before_the_body_has_ended():
    def blocks():
        yield b"id\r\n1\r\n2"
        raise AssertionError

    rows = read(blocks())
    assert [next(rows), next(rows)] == [["id"], ["1"]]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b"", []),
        (b"\xef\xbb\xbf", []),
        (b"\xef\xbb\xbfid,x\n", [["id", "x"]]),
        (b"id,x\r\n1,2", [["id", "x"], ["1", "2"]]),
        (b"id\n\n", [["id"], [None]]),
        (b'"id"\n"\xef\xbb\xbf"\n', [["id"], ["\ufeff"]]),
        (b'a,b\n"",\n', [["a", "b"], ["", None]]),
    ],
)
def test_reads_other_shapes(body: bytes, rows):
    assert list(read([body])) == rows


@pytest.mark.parametrize(
    ("body", "byte", "says"),
    [
        (b'a,b\r\n\xc3\xa9,"y\r\nz,w\r\n', 8, "a quote is opened and not closed"),
        (b'a,b\r\n"', 5, "a quote is opened and not closed"),
        (b'a,b\r\nx"y,z\r\n', 6, "'\"' stands inside of a bare field"),
        (b'a,b\r\nx""y,z\r\n', 6, "'\"' stands inside of a bare field"),
        (b'a,b\r\n"x"y,z\r\n', 8, "'y' stands after a closing quote"),
        (b'\xef\xbb\xbfa,b\r\n"x" ,z\r\n', 11, "' ' stands after a closing quote"),
        (b"a,b\r\nx,y\r\nx\r\n", 10, "the count of fields is 1 here and 2 in the header"),
        (b"a,b\r\nx,y\r\nx,y,\r\n", 10, "the count of fields is 3 here and 2 in the header"),
        (b"a,b\r\n\xc3\xa9,y\r\nx\r\n", 11, "the count of fields is 1 here"),
        (b"a,b\r\nx,y\r\n\r\n", 10, "the count of fields is 1 here and 2 in the header"),
        (b"a,b\rx,y\r", 3, "a bare carriage return ends no row"),
        (b'a,b\n"x\r\n",\r', 10, "stands inside of a bare field"),
        (b"a,b\r\nx,\xff\r\n", 7, r"b'\xff' is not UTF-8"),
        (b"a,b\r\nx,\xc3", 7, r"b'\xc3' is not UTF-8"),
        (b"\xef\xbb\xbf\xff", 3, r"b'\xff' is not UTF-8"),
    ],
)
def test_broken_bodies_are_refused_at_their_byte(body: bytes, byte: int, says: str):
    rows, problem = outcome([body])
    assert problem is not None
    assert problem.startswith(f"CSV body, byte {byte}: ")
    assert says in problem
    assert rows[:1] in ([], [["a", "b"]])
    assert "\n" not in problem


def test_an_unclosed_quote_does_not_take_all_memory():
    block = b"x" * (1 << 20) + b"\n"
    taken = 0

    def blocks():
        nonlocal taken
        yield b'a,b\n1,"'
        while True:
            taken += len(block)
            yield block

    rows = read(blocks())
    assert next(rows) == ["a", "b"]
    with pytest.raises(BodyError, match="byte 4: row does not end within 16 MiB"):
        next(rows)
    assert taken <= LONGEST_ROW + 2 * len(block)
