import json
import math
from decimal import Decimal
from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.errors import BodyError
from halfopen.wire.json import ArrayFramer, Number, TextLines, encode_row, read, text_lines
from halfopen.wire.json_rows import LONGEST_ROW

texts = st.one_of(st.text(max_size=8), st.text(st.sampled_from('{}[],:"\\ \n/uéx😀'), max_size=8))
numbers = st.one_of(
    st.integers(-(10**40), 10**40),
    st.decimals(allow_nan=False, allow_infinity=False, places=18),
    st.sampled_from([Decimal("12345678901234567890.123456789012345678"), Decimal("0.1"), Decimal("1E-18")]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
flat_rows = st.lists(st.dictionaries(texts, scalars, max_size=4), max_size=6)
deep_rows = st.lists(st.dictionaries(texts, values, max_size=3), max_size=5)
spaces = st.sampled_from(["", " ", "\n", "\r\n\t "])


def array(rows, space: str = "") -> bytes:
    body = f"{space},{space}".join(encode_row(row).decode() for row in rows)
    return f"{space}[{space}{body}{space}]{space}".encode()


def lines(rows) -> bytes:
    return b"".join(encode_row(row) + b"\n" for row in rows)


def in_pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    return [body[start:end] for start, end in pairwise([0, *sorted(cuts), len(body)])]


def as_numbers(text: str) -> Decimal:
    return Decimal(text)


def exactly(rows: list[object]) -> list[object]:
    """The same rows by the standard library, numbers as decimals."""
    return [json.loads(encode_row(row), parse_int=as_numbers, parse_float=as_numbers) for row in rows]


def with_decimals(value: object) -> object:
    if isinstance(value, Number) or (isinstance(value, int) and not isinstance(value, bool)):
        return Decimal(value)
    if isinstance(value, list):
        return [with_decimals(item) for item in value]
    if isinstance(value, dict):
        return {name: with_decimals(item) for name, item in value.items()}
    return value


def as_text(value: object) -> str | None:
    """What `TextLines` promises for one value, said another way."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case list() if all(item is not None and not isinstance(item, list | dict) for item in value):
            return ", ".join(str(as_text(item)) for item in value)
    raise AssertionError


def test_keeps_every_digit():
    (rows,) = read([b'[{"a":12345678901234567.89,"b":123456789012345678901234567890,"c":0.10,"d":1e400,"e":-7}]'])
    (row,) = rows
    assert row == {
        "a": "12345678901234567.89",
        "b": 123456789012345678901234567890,
        "c": "0.10",
        "d": "1e400",
        "e": -7,
    }
    assert isinstance(row["a"], Number)
    assert b"".join(text_lines([b'[{"a":12345678901234567.89,"b":18446744073709551616,"c":0.10}]'])) == (
        b'{"a":"12345678901234567.89","b":"18446744073709551616","c":"0.10"}\n'
    )


def test_every_value_becomes_a_text_or_null():
    body = b"""[{"s": "x", "n": null, "t": true, "f": false, "tags": ["a", 1, 2.50, false], "none": [],
        "deep": {"x": 1.50, "y": "1.50", "z": [1.0, null]}, "mixed": [null, 0.10]}]"""
    lines = TextLines()
    (row,) = map(json.loads, lines.feed(body).splitlines())
    assert row == {
        "s": "x",
        "n": None,
        "t": "true",
        "f": "false",
        "tags": "a, 1, 2.50, false",
        "none": "",
        "deep": '{"x":1.50,"y":"1.50","z":[1.0,null]}',
        "mixed": "[null,0.10]",
    }
    assert lines.finish() == b""
    assert lines.columns == ("s", "n", "t", "f", "tags", "none", "deep", "mixed")
    assert lines.rows == 1


def test_columns_are_those_of_all_rows_in_order():
    lines = TextLines()
    list(lines.over([b'[{"id":1},{"id":2,"b":1},', b'{"a":1,"id":2}]']))
    assert lines.columns == ("id", "b", "a")
    assert lines.rows == 3


@given(deep_rows, spaces, st.data())
def test_any_chunking_gives_the_same_rows_exactly(rows, space, data):
    body = array(rows, space)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=6))
    for blocks in ([body], in_pieces(body, cuts), [body[at : at + 1] for at in range(len(body))]):
        got = [row for batch in read(blocks) for row in batch]
        assert with_decimals(got) == exactly(rows)


@given(deep_rows, st.data())
def test_lines_give_the_same_rows_as_an_array(rows, data):
    body = lines(rows)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=6))
    got = [row for batch in read(in_pieces(body, cuts), ndjson=True) for row in batch]
    assert with_decimals(got) == exactly(rows)


@given(st.lists(st.dictionaries(texts, scalars | st.lists(st.booleans() | numbers | texts, max_size=3)), max_size=4))
def test_text_lines_are_the_same_for_an_array_for_lines_and_in_an_envelope(rows):
    expected = [{name: as_text(value) for name, value in row.items()} for row in rows]
    envelope = b'{"data":{"items":' + array(rows) + b'},"next":null}'
    for out in (
        text_lines([array(rows)]),
        text_lines([lines(rows)], ndjson=True),
        text_lines([envelope[:5], envelope[5:]], ("data", "items")),
    ):
        assert [json.loads(line) for line in b"".join(out).splitlines()] == expected


def test_nested_rows_of_any_depth_are_found():
    rows = [{"a": [{"b": [{"c": {"d": [{"e": "}, {"}]}}]}, {"f": 1}]}] * 50
    body = array(rows, " ")
    got = [row for batch in read([body[at : at + 33] for at in range(0, len(body), 33)]) for row in batch]
    assert got == rows


def test_rows_come_before_the_body_has_ended():
    def blocks():
        yield b'[{"id":1},{"id":2},{"id'
        raise AssertionError

    assert next(text_lines(blocks())) == b'{"id":"1"}\n{"id":"2"}\n'


def test_half_an_emoji_becomes_a_replacement_character():
    body = rb'[{"a":"\ud83d x \\ud83d \ud83d\ude00 \ude00"},{"a":1.50}]'
    assert [row for batch in read([body]) for row in batch] == [{"a": "\ufffd x \\ud83d 😀 \ufffd"}, {"a": "1.50"}]


BROKEN = [
    (b"", 0, "the body is empty"),
    (b" \n", 2, "the body is empty"),
    (b"null", 0, "stands where an array of rows should be"),
    (b"<html>", 0, "stands where an array of rows should be"),
    (b"{}", 0, "an object stands where an array of rows should be: name the path"),
    (b"[", 1, "the array is not closed"),
    (b'[{"a":1}', 8, "the array is not closed"),
    (b'[{"a":1},', 9, "the array is not closed"),
    (b'[{"a":1},{"a":2', 9, "the array is not closed"),
    (b'[{"a":1},]', 9, "']' stands where a row, an object, should be"),
    (b"[,]", 1, "',' stands where a row, an object, should be"),
    (b'[{"a":1}{"a":2}]', 8, "'{' stands where ',' or ']' should be"),
    (b'[{"a":1}},{"a":2}]', 8, "'}' stands where ',' or ']' should be"),
    (b'[{"a":1},null,{"a":2}]', 9, "'n' stands where a row, an object, should be"),
    (b'[{"a":1}]\n[]', 10, "'[' follows the end of the array"),
    (b'[{"a":1}]x', 9, "'x' follows the end of the array"),
    (b'[{"a":1},{"a":NaN},{"a":1}]', 14, "cannot be read (invalid character)"),
    (b'[{"a":-Infinity}]', 7, "cannot be read"),
    (b'[{"a":01}]', 7, "cannot be read (invalid number)"),
    (b'[ {"a":' + b"9" * 5000 + b"}]", 2, "Integer value out of range"),
    (b'[{"a":1,}]', 8, "cannot be read (trailing comma in object)"),
    (b"[{'a':1}]", 2, "cannot be read"),
    (b'[{"a":"x\ny"}]', 8, "cannot be read (invalid character)"),
    (b'\xef\xbb\xbf[{"a":"\xff"}]', 10, "not UTF-8"),
    (b'[{"\xff":1}]', 3, "not UTF-8"),
    (b'[{"a":1},{"b":' + b"[" * 3000 + b"]" * 3000 + b"}]", 9, "nested too deeply"),
]


@pytest.mark.parametrize(("body", "byte", "says"), BROKEN, ids=[str(body[:30]) for body, _, _ in BROKEN])
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_broken_bodies_are_refused_at_their_byte(body: bytes, byte: int, says: str, size: int):
    with pytest.raises(BodyError) as refusal:
        list(read([body[at : at + size] for at in range(0, len(body), size)]))
    place, _, what = str(refusal.value).removeprefix("JSON body, byte ").partition(": ")
    assert says in what
    # In rows that are decoded together a nesting error names where they start.
    assert int(place) == byte or (int(place) < byte and "nested" in says)
    with pytest.raises(BodyError):
        list(text_lines([body]))


@given(flat_rows.filter(bool), st.data())
def test_an_array_that_was_cut_is_never_taken_for_whole(rows, data):
    body = array(rows)
    with pytest.raises(BodyError, match=r"not closed|is empty"):
        list(read([body[: data.draw(st.integers(0, len(body) - 1))]]))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"a":1}\n{"a":', "byte 8: cannot be read"),
        (b'\n{"a":1}\n \n null\n{}', r"byte 12: cannot be read \(Expected `object`, got `null`\)$"),
        (b'[{"a":1}]', "byte 0: cannot be read"),
        (b'{"a":1}\n{"a":NaN}\n', "byte 13: cannot be read"),
    ],
)
def test_broken_lines_are_refused(body: bytes, says: str):
    with pytest.raises(BodyError, match=says):
        list(read([body], ndjson=True))


def test_lines_may_be_none_or_blank_and_the_last_may_lack_its_end():
    assert list(read([b""], ndjson=True)) == []
    got = [row for batch in read([b'\xef\xbb\xbf{"a":1}\r\n\n{"a"', b":2}"], ndjson=True) for row in batch]
    assert got == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"data":[]}', "JSON body has no 'data.items': found list"),
        (b'{"rows":[]}', "JSON body has no 'data': found 'rows'"),
        (b'{"data":{"items":{}}}', "JSON body holds no array of objects at 'data.items'"),
        (b'{"data":{"items":[1]}}', "JSON body, byte 18: '1' stands where a row, an object, should be"),
        (b'{"data":{"it', "JSON body of 12 bytes: what stands around the rows is not whole"),
        (b'{"data":{"items":[]}', "JSON body of 20 bytes: what stands around the rows is not whole"),
        (b'{"data":{"items":[]}}]', "JSON body of 22 bytes: what stands around the rows is not whole"),
        (b'{"meta":{"data":{"items":[]}},"items":[]}', "JSON body has no 'data': found 'meta', 'items'"),
        (b"", "JSON body of 0 bytes: what stands around the rows is not whole"),
    ],
)
def test_an_envelope_without_its_rows_is_refused(body: bytes, says: str):
    with pytest.raises(BodyError, match=says):
        list(read([body], ("data", "items")))


def enveloped(rows) -> bytes:
    return (
        b'{"n": [{"items": [{}, {}]}], "d\\u0061ta": {"x": "[", "items": '
        + array(rows)
        + b', "y": [{"a": 1}, {"b": 2}]}, "next": "c, {"}'
    )


@given(deep_rows, st.lists(st.integers(0, 400), max_size=6))
def test_rows_in_an_envelope_are_read_however_it_is_cut(rows, cuts):
    body = enveloped(rows)
    cuts = [min(cut, len(body)) for cut in cuts]
    whole = [row for batch in read([array(rows)]) for row in batch]
    assert [row for batch in read(in_pieces(body, cuts), ("data", "items")) for row in batch] == whole
    lines_of = TextLines(("data", "items"))
    list(lines_of.over(in_pieces(body, cuts)))
    assert lines_of.document == {
        "n": [{"items": [{}, {}]}],
        "data": {"x": "[", "items": [], "y": [{"a": 1}, {"b": 2}]},
        "next": "c, {",
    }


@given(flat_rows, st.data())
def test_an_envelope_that_was_cut_is_never_taken_for_whole(rows, data):
    body = enveloped(rows)
    with pytest.raises(BodyError):
        list(read([body[: data.draw(st.integers(0, len(body) - 1))]], ("data", "items")))


def test_rows_of_an_envelope_come_before_its_end():
    piece = b",".join([b'{"a": 1}'] * 50_000)
    reading = read(iter([b'{"data": [', piece, b",", piece]), ("data",))
    assert len(next(reading)) > 10_000
    with pytest.raises(BodyError):
        list(reading)


def test_errors_do_not_show_what_is_in_a_row():
    for body in (b'[{"login_token":"s3cret" "x":1}]', b'[{"login_token":"s3cret\xff"}]'):
        with pytest.raises(BodyError) as refusal:
            list(read([body]))
        assert "s3cret" not in str(refusal.value)


def test_a_row_without_an_end_does_not_take_all_memory():
    taken = 0

    def blocks():
        nonlocal taken
        yield b'[{"a":"'
        while True:
            taken += 1 << 20
            yield b"x" * (1 << 20)

    with pytest.raises(BodyError, match="byte 1: the row does not end within 16 MiB"):
        list(read(blocks()))
    assert taken <= 2 * LONGEST_ROW + (2 << 20)


def test_a_row_of_megabytes_is_not_searched_again_with_every_block():
    """Looking again with each block would take a minute; the bound only has to tell the two apart."""
    began = perf_counter()
    row = {"a": "x" * 8_000_000, "b": [{"c": 1}, {"c": 2}]}
    body = array([row, row])
    blocks = [body[at : at + 4096] for at in range(0, len(body), 4096)]
    assert [got for batch in read(blocks) for got in batch] == [row, row]
    assert perf_counter() - began < 15


@given(flat_rows, st.data())
def test_framed_lines_are_an_array(rows, data):
    body = lines(rows)
    framer = ArrayFramer()
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=5))
    out = b"".join([*map(framer.feed, in_pieces(body, cuts)), framer.finish()])
    assert [with_decimals(row) for batch in read([out]) for row in batch] == exactly(rows)
    assert len(out.splitlines()) == max(len(rows), 1)


def test_encodes_decimals_plainly_and_no_float():
    row = {"a": Decimal("1E+5"), "b": Decimal("1E-18"), "c": [Number("0.10")], "d": {"e": Decimal(0)}}
    assert encode_row(row) == b'{"a":100000,"b":0.000000000000000001,"c":[0.10],"d":{"e":0}}'
    with pytest.raises(TypeError, match="is a float"):
        encode_row({"a": 0.1})
    for none in (math.nan, math.inf):
        with pytest.raises(ValueError, match="is no number"):
            encode_row({"a": Decimal(none)})
