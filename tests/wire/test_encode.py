import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.wire.body import Decoder
from halfopen.wire.encode import Encoder, Encoding, acceptable

Z, G, I = Encoding  # noqa: E741 - the three encodings by their letters


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, [I]),
        ("", [I]),
        ("gzip", [G, I]),
        ("GZIP", [G, I]),
        ("x-gzip", [G, I]),
        ("gzip, deflate, br, zstd", [Z, G, I]),
        ("zstd;q=0.5, gzip;q=0.8", [G, Z, I]),
        ("gzip;q=0", [I]),
        ("identity", [I]),
        ("gzip;q=0.5, identity", [I, G]),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", [G, I]),
        ("*", [G, I]),
        ("*;q=0", []),
        ("identity;q=0", []),
        ("gzip;q=0.001, identity;q=0", [G]),
        ("br, identity;q=0", []),
        ("*;q=0, gzip;q=0.3", [G]),
        ("br;q=1.0, *;q=0.5", [G, I]),
        ("gzip;q=nonsense", [G, I]),
        (", ,", [I]),
    ],
)
def test_what_the_header_asks_for(header, expected):
    assert acceptable(header) == expected


@pytest.mark.parametrize("encoding", list(Encoding))
@given(pieces=st.lists(st.binary(max_size=300), max_size=8))
def test_what_is_encoded_is_decoded(encoding, pieces):
    encoder, decoder = Encoder(encoding), Decoder(encoding)
    coded = b"".join(encoder.feed(piece) for piece in pieces) + encoder.finish()
    if coded:
        assert decoder.feed(coded) + decoder.finish() == b"".join(pieces)
    else:
        assert b"".join(pieces) == b""


def test_a_long_body_flows_while_it_is_made():
    lines = b"".join(b"%d,Riga,2024-05-01 00:00:00\r\n" % n for n in range(4000))
    for encoding in (Encoding.GZIP, Encoding.ZSTD):
        encoder = Encoder(encoding)
        ready = [len(encoder.feed(lines)) for _ in range(20)]
        assert sum(ready) > 0
        assert sum(ready) < len(lines) * 10
