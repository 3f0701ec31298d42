"""What the beginning of a JSON body tells of where its rows are."""

import json

import pytest

from halfopen.wire.json_outline import Holds, outline

OBJECTS, NOTHING, OTHERS = Holds.OBJECTS, Holds.NOTHING, Holds.OTHERS
DOCUMENT = {
    "n": -1.5e3,
    "a}": "]{[",
    "none": [],
    "list": [[1], {"x": []}],
    "deep": {"er": {"rows": [{"inner": [{}]}], "too": {"deep": {"by": []}}}},
}
WHOLE = json.dumps(DOCUMENT).encode()
ARRAYS = {("none",): NOTHING, ("list",): OTHERS, ("deep", "er", "rows"): OBJECTS}


def test_an_object_that_ends() -> None:
    seen = outline(WHOLE + b" \n", is_whole=True)
    assert seen.names == tuple(DOCUMENT)
    assert seen.arrays == ARRAYS
    assert (seen.is_closed, seen.goes_on, seen.tells) == (True, False, True)


@pytest.mark.parametrize("cut", range(WHOLE.index(b"{", WHOLE.index(b"rows")) + 1, len(WHOLE) - 1))
def test_an_object_that_is_cut_is_known_up_to_its_first_array_of_objects(cut: int) -> None:
    seen = outline(WHOLE[:cut], is_whole=False)
    assert seen.names == tuple(DOCUMENT)
    assert seen.arrays == ARRAYS
    assert (seen.is_closed, seen.goes_on, seen.tells) == (False, None, True)


@pytest.mark.parametrize("cut", range(1, WHOLE.index(b"{", WHOLE.index(b"rows"))))
def test_a_cut_before_that_leaves_it_open(cut: int) -> None:
    seen = outline(WHOLE[:cut], is_whole=False)
    assert not seen.tells
    assert set(seen.arrays.items()) <= set(ARRAYS.items())


@pytest.mark.parametrize(
    ("rest", "is_whole", "goes_on"),
    [
        (b"", True, False),
        (b"\n", True, False),
        (b"\n", False, None),
        (b"\n{", False, True),
        (b'\r\n {"a": 1}', True, True),
        (b"<!-- 3 ms -->", True, False),
    ],
)
def test_what_follows_the_object(rest: bytes, *, is_whole: bool, goes_on: bool | None) -> None:
    assert outline(b'{"a": [1]}' + rest, is_whole=is_whole).goes_on is goes_on


@pytest.mark.parametrize(
    "text", [b'{"a": tru, "b": [{}]}', b'{"a": [' + b"[" * 5000 + b"]" * 5000 + b"]}", b'{"a": "\\']
)
def test_what_is_broken_is_not_closed(text: bytes) -> None:
    assert not outline(text, is_whole=True).is_closed


def test_numbers_are_not_read() -> None:
    assert outline(b'{"a": ' + b"9" * 5000 + b', "b": []}', is_whole=True).arrays == {("b",): NOTHING}
