import gzip
import os
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from halfopen.errors import BodyError
from halfopen.wire.body import Decoder


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


ENCODERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("X-GZIP ", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("zstd", zstandard.compress),
]
each_encoder = pytest.mark.parametrize(("encoding", "encode"), ENCODERS)


def decoded(encoding: str | None, body: bytes, size: int = 1 << 16, max_bytes: int | None = None) -> bytes:
    decoder = Decoder(encoding)
    out = b"".join(decoder.feed(body[at : at + size], max_bytes) for at in range(0, len(body), size))
    return out + decoder.finish()


@each_encoder
@given(data=st.binary(max_size=300), size=st.integers(1, 40), bounded=st.booleans())
def test_gives_back_what_was_encoded_however_it_is_cut(encoding, encode, data, size, bounded):
    assert decoded(encoding, encode(data), size, 300 if bounded else None) == data


@each_encoder
def test_gives_back_megabytes(encoding, encode):
    data = os.urandom(1_000_000) + bytes(9_000_000)
    for size in (1000, 1 << 16, len(data)):
        assert decoded(encoding, encode(data), size) == data
        assert decoded(encoding, encode(data), size, max_bytes=len(data)) == data


@each_encoder
def test_nothing_stays_inside_where_a_step_of_output_is_just_full(encoding, encode):
    for length in range((1 << 20) - 10, (1 << 20) + 300, 7):
        data = bytes(length)
        body = encode(data)
        assert decoded(encoding, body, len(body)) == data
        assert decoded(encoding, body, len(body) - 3) == data


@each_encoder
def test_a_body_that_ends_early_is_refused_wherever_it_is_cut(encoding, encode):
    body = encode(b"id,amount\r\n1,12345678901234567.89\r\n" * 20)
    for cut in range(len(body)):
        with pytest.raises(BodyError, match=f"ends early, after {cut} bytes"):
            decoded(encoding, body[:cut])


@each_encoder
@pytest.mark.parametrize("apart", [True, False])
def test_garbage_after_the_end_is_refused(encoding, encode, apart):
    body = encode(b"rows") + b"<html>error</html>"
    with pytest.raises(BodyError, match=r"goes on after its end|is broken"):
        decoded(encoding, body, size=len(encode(b"rows")) if apart else len(body))


@each_encoder
def test_what_was_never_encoded_is_refused(encoding, encode):
    with pytest.raises(BodyError, match="is broken"):
        decoded(encoding, b"<html>502 Bad Gateway</html>" * 10)


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_several_members_are_one_body(encoding, encode):
    body = encode(b"one,") + encode(b"") + encode(b"two")
    for size in (1, 7, len(body)):
        assert decoded(encoding, body, size) == b"one,two"
    with pytest.raises(BodyError, match="ends early"):
        decoded(encoding, body[:-1])


@pytest.mark.parametrize("encode", [zlib.compress, raw_deflate])
def test_deflate_has_one_member(encode):
    with pytest.raises(BodyError, match="goes on after its end"):
        decoded("deflate", encode(b"one") + encode(b"two"))


@each_encoder
def test_a_bomb_is_refused_before_it_fills_the_memory(encoding, encode):
    decoder = Decoder(encoding)
    with pytest.raises(BodyError, match="longer than 1000000 bytes"):
        decoder.feed(encode(bytes(200_000_000)), 1_000_000)
    assert decoder.bytes_out < 32_000_000


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity"])
def test_identity_passes_through(encoding):
    assert decoded(encoding, b"id\r\n") == b"id\r\n"
    assert decoded(encoding, b"") == b""
    with pytest.raises(BodyError, match="longer than 3 bytes"):
        decoded(encoding, b"id\r\n", max_bytes=3)


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, br"])
def test_another_encoding_is_named(encoding):
    with pytest.raises(BodyError, match=f"'{encoding}' is not one of gzip, deflate, zstd"):
        Decoder(encoding)
