"""Identities to bytes and back: what a seal has seen, as small and as fast as a seal a minute needs it.

One old transaction can hold a million numbers, and a set as many digests as it is allowed: no step here is a loop of
Python's own over them. Transaction numbers are kept as the gaps between them, the bytes of equal worth side by side, so
that zlib finds the runs: a dense million takes 8 kB, one number in two of them 330 kB (a bitmap 250 kB), and numbers
that lie two thousand million apart are no larger, as in a bitmap they would be.
"""

import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Mapping
from itertools import accumulate, chain
from operator import itemgetter, sub
from struct import iter_unpack
from typing import Final

from halfopen.errors import StateError
from halfopen.sources.sealing import Identity

DIGEST_BYTES: Final = 16
_NUMBERS: Final = b"x"
_DIGESTS: Final = b"d"
_WIDTH: Final = 8


def packed(seen: Mapping[Identity, int]) -> bytes:
    """Bytes of what was seen, equal for equal identities; ValueError unless all are of one kind.

    Of transaction numbers (0 to 2^64 - 1) only the numbers are kept, of digests also how many rows each has.
    """
    numbers = [identity for identity in seen if isinstance(identity, int)]
    if not numbers:
        return _DIGESTS + _packed_digests(seen)
    if len(numbers) < len(seen):
        raise ValueError("a seal has seen transaction numbers or digests, never both")
    return _NUMBERS + _packed_numbers(numbers)


def unpacked(data: bytes) -> dict[Identity, int]:
    """What `packed` was given, transaction numbers with 1 each; StateError when the bytes are damaged."""
    kind, body = data[:1], data[1:]
    if kind == _NUMBERS:
        return _numbers(body)
    if kind == _DIGESTS and len(body) % DIGEST_BYTES == 0:
        return dict(Counter(map(itemgetter(0), iter_unpack(f"{DIGEST_BYTES}s", body))))
    raise _damaged()


def written(identity: Identity) -> str:
    """An identity as text: a number in decimal digits, a digest in 32 hexadecimal ones."""
    return str(identity) if isinstance(identity, int) else identity.hex()


def read(text: str) -> Identity:
    """What `written` was given."""
    return bytes.fromhex(text) if len(text) == 2 * DIGEST_BYTES else int(text)


def _packed_digests(seen: Mapping[Identity, int]) -> bytes:
    digests = sorted(Counter(seen).elements())
    data = b"".join(digests)  # type: ignore[arg-type] # bytes all of them: `packed` has looked
    if len(data) != DIGEST_BYTES * len(digests):
        raise ValueError(f"a digest has {DIGEST_BYTES} bytes")
    return data


def _packed_numbers(numbers: list[int]) -> bytes:
    numbers.sort()
    gaps = _little(array("Q", chain(numbers[:1], map(sub, numbers[1:], numbers)))).tobytes()
    return zlib.compress(b"".join(gaps[place::_WIDTH] for place in range(_WIDTH)))


def _numbers(body: bytes) -> dict[Identity, int]:
    try:
        places = zlib.decompress(body)
    except zlib.error:
        raise _damaged() from None
    count, rest = divmod(len(places), _WIDTH)
    if rest:
        raise _damaged()
    gaps = bytearray(len(places))
    for place in range(_WIDTH):
        gaps[place::_WIDTH] = places[place * count : (place + 1) * count]
    found = array("Q")
    found.frombytes(gaps)
    return dict.fromkeys(accumulate(_little(found)), 1)


def _little(numbers: "array[int]") -> "array[int]":
    """With the bytes of each number in the same order on every machine."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _damaged() -> StateError:
    return StateError("what a seal has seen is damaged and cannot be read")
