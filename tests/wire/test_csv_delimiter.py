from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.wire.csv import read
from halfopen.wire.csv_cells import Cells
from halfopen.wire.csv_delimiter import Commas

cells = st.one_of(st.none(), st.text(st.sampled_from('ab,;\t" \né'), max_size=6))
tables = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1))


def written(rows, delimiter: str) -> bytes:
    def cell(value):
        if value is None:
            return ""
        return '"' + value.replace('"', '""') + '"' if not value or set(value) & {delimiter, '"', "\n"} else value

    return "".join(delimiter.join(map(cell, row)) + "\r\n" for row in rows).encode()


def through(step, body: bytes, cuts) -> bytes:
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    fed = b"".join(step.feed(body[start:end]) for start, end in pairwise(edges))
    return fed + step.finish()


@given(tables, st.sampled_from([";", "\t", "|"]), st.lists(st.integers(0, 120), max_size=5))
def test_rows_are_the_same_with_commas(rows, delimiter, cuts):
    body = written(rows, delimiter)
    assert list(read([through(Commas(delimiter.encode()), body, cuts)])) == rows


@pytest.mark.parametrize(
    ("body", "turned"),
    [
        (b"a;b\n1;2;3\n", b"a,b\n1,2,3\n"),
        (b'a;b\n"x', b'a,b\n"x'),
        (b'a;b\n1,5"x";2\n', b'a,b\n1,5"x",2\n'),
        (b"\xef\xbb\xbfa;b\n1,5;\n", b'a,b\n"1,5",\n'),
    ],
)
def test_what_is_broken_stays_broken(body, turned):
    assert through(Commas(b";"), body, [3]) == turned


@given(tables, st.lists(st.integers(0, 120), max_size=5))
def test_one_column_changes_and_the_others_do_not(rows, cuts):
    names = [f"c{place}" for place in range(len(rows[0]))]
    body = written([names, *rows], ",")
    changed = through(Cells(lambda _names: {"c0": lambda text: "" if text is None else f"<{text}>"}), body, cuts)
    wanted = [["" if row[0] is None else f"<{row[0]}>", *row[1:]] for row in rows]
    # A row that is a single null is a blank line, which is no row.
    if len(names) > 1:
        assert list(read([changed])) == [names, *wanted]


def test_rows_that_do_not_fit_the_header_pass_as_they_are():
    body = b'a,b\r\n1\r\n1,"x"y\r\n1,2,3\r\n1,2\r\n'
    assert through(Cells(lambda _names: {"a": lambda _text: "new"}), body, [7]) == body.replace(
        b"1,2\r\n", b"new,2\r\n"
    )
