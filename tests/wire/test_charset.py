import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.errors import BodyError
from halfopen.wire.charset import ToUtf8, known


def turned(body: bytes, encoding: str | None, size: int) -> bytes:
    step = ToUtf8(encoding)
    return b"".join(step.feed(body[at : at + size]) for at in range(0, len(body), size)) + step.finish()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 7))
def test_utf_16_however_it_is_cut(text, size):
    text = text.removeprefix("\ufeff")
    for codec in ("utf-16-le", "utf-16-be"):
        assert turned(("\ufeff" + text).encode(codec), None, size).decode() == text
    if not text.encode("utf-16-le").startswith((b"\xff\xfe", b"\xfe\xff")):
        assert turned(text.encode("utf-16-le"), "utf-16", size).decode() == text


@given(st.binary(max_size=40), st.integers(1, 7))
def test_utf_8_passes_as_it_is(body, size):
    if body[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        assert turned(body, None, size) == body


def test_every_byte_of_windows_1252_has_a_character():
    found = turned(bytes(range(256)), "windows-1252", 9).decode()
    assert len(found) == 256
    assert (found[0x80], found[0x81]) == ("€", "\x81")


@pytest.mark.parametrize("body", [b"\xff\xfea\0b", b"\xff\xfe\x00\xd8", b"\xff\xfe\x00\xd8a\0"])
def test_half_a_character_is_refused(body):
    with pytest.raises(BodyError, match="was the answer cut"):
        turned(body, None, 3)


def test_names():
    assert known("windows-1252")
    assert not known("utf-99")
    assert not known("base64")
