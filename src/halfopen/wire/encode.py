"""Puts a Content-Encoding on a body, piece by piece, and chooses one that the asker takes (RFC 9110, 12.5.3)."""

import re
from enum import StrEnum
from typing import Any, Final

import isal.isal_zlib
import zstandard

_LEVEL: Final = 1
"""Feeds are read once: what counts is that compressing is no slower than the network."""

_GZIP_WBITS: Final = 31
_QUALITY: Final = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


class Encoding(StrEnum):
    """The encodings of a body, in the order in which we would rather send them."""

    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


_NAMES: Final = {"zstd": Encoding.ZSTD, "gzip": Encoding.GZIP, "x-gzip": Encoding.GZIP, "identity": Encoding.IDENTITY}


def acceptable(accept_encoding: str | None) -> list[Encoding]:
    """What the asker takes of ours, the best first; empty when it takes none, not even the plain body.

    The highest quality wins, of equals zstd before gzip before the plain body. `*` stands for gzip and the plain body
    only: who does not name zstd may never have heard of it. Without the header the plain body is meant.
    """
    if accept_encoding is None:
        return [Encoding.IDENTITY]
    given: dict[str, float] = {}
    for text in accept_encoding.lower().split(","):
        name, *parameters = (part.strip() for part in text.split(";"))
        if name:
            given[_NAMES.get(name, name)] = _quality(parameters)
    rest = given.get("*", 0.0)
    qualities = {
        Encoding.ZSTD: given.get(Encoding.ZSTD, 0.0),
        Encoding.GZIP: given.get(Encoding.GZIP, rest),
        # Unless it is refused it may always be sent, though whoever names others would rather have those.
        Encoding.IDENTITY: given.get(Encoding.IDENTITY, rest if "*" in given else 0.0005),
    }
    order = list(Encoding)
    wanted = [encoding for encoding in order if qualities[encoding] > 0]
    return sorted(wanted, key=lambda encoding: (-qualities[encoding], order.index(encoding)))


class Encoder:
    """Encodes one body: `feed` every piece, then `finish`, whose bytes end it. The plain body passes as it is."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self._stream: Any = _stream(encoding)

    def feed(self, data: bytes) -> bytes:
        """The next bytes; may be none yet."""
        return data if self._stream is None else bytes(self._stream.compress(data))

    def finish(self) -> bytes:
        """The last bytes."""
        return b"" if self._stream is None else bytes(self._stream.flush())


def _stream(encoding: Encoding) -> Any:
    """Isal's and zstandard's stream objects share no type."""
    if encoding is Encoding.GZIP:
        return isal.isal_zlib.compressobj(_LEVEL, isal.isal_zlib.DEFLATED, _GZIP_WBITS)
    if encoding is Encoding.ZSTD:
        return zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    return None


def _quality(parameters: list[str]) -> float:
    """Read `q=0.5`; what cannot be read counts as 1, as if it were not there."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q" and _QUALITY.fullmatch(value.strip()):
            return float(value)
    return 1.0
