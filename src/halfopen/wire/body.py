"""Takes the Content-Encoding off a body, piece by piece, and vouches that it ended where its encoder ended it.

HTTP clients take a compressed body that was cut off for a whole one; here it is an error.
"""

from collections.abc import Callable
from typing import Any, Final, NoReturn

import isal.isal_zlib
import zstandard

from halfopen.errors import BodyError

_GZIP_WBITS: Final = 31
_GZIP_MAGIC: Final = 0x1F
_ZLIB_WBITS: Final = 15
_RAW_WBITS: Final = -15
_ZLIB_METHOD: Final = 8
_OUTPUT_STEP: Final = 1 << 20  # a bomb is noticed at the latest this far beyond the limit
_BROKEN: Final[tuple[type[Exception], ...]] = (
    isal.isal_zlib.error,  # type: ignore[assignment]  # isal's stub declares the class as an instance of it
    zstandard.ZstdError,
)
_ZSTD_INPUT_STEP: Final = 512  # zstandard takes no output limit; 4 bytes can hold 128 KiB, so 16 MiB a step at worst


class Decoder:
    """Decodes one body: `feed` every piece as it arrives, then `finish`.

    Args:
        encoding: the Content-Encoding header: None or `identity`, `gzip` (several members may follow one another),
            `deflate` (with or without the zlib wrapper, as products send both), `zstd` (several frames likewise).

    Raises:
        BodyError: the encoding is another one.
    """

    def __init__(self, encoding: str | None) -> None:
        self.encoding = (encoding or "identity").strip().lower() or "identity"
        self.bytes_in = 0
        self.bytes_out = 0
        start = _ENCODINGS.get(self.encoding)
        if start is None:
            raise BodyError(f"content-encoding {self.encoding[:40]!r} is not one of gzip, deflate, zstd, identity")
        self._start = start
        self._stream: Any = None  # isal's and zstandard's stream objects share no type; None between two members
        self._head = b""

    def feed(self, data: bytes, max_bytes: int | None = None) -> bytes:
        """Decode the next piece; may give nothing yet.

        Args:
            data: bytes as received.
            max_bytes: how many decoded bytes the whole body may have; a bomb raises long before memory is short.

        Raises:
            BodyError: the bytes are not in the encoding, go on after its end, or exceed `max_bytes`.
        """
        pieces: list[bytes] = []
        if self.encoding == "identity":
            self._take(data, pieces, max_bytes)
        elif data:
            self._decode(data, pieces, max_bytes)
        self.bytes_in += len(data)
        return b"".join(pieces)

    def finish(self) -> bytes:
        """Vouch that the body has ended; gives what was still held back, which is nothing for every encoding we have.

        Raises:
            BodyError: the encoded stream did not reach its end.
        """
        if self.encoding == "identity":
            return b""
        if self._head or not self.bytes_in or not (self._stream is None or self._stream.eof):
            raise BodyError(
                f"{self.encoding} body ends early, after {self.bytes_in} bytes: the answer was cut, ask again"
            )
        return b""

    def _decode(self, data: bytes, pieces: list[bytes], max_bytes: int | None) -> None:
        data = self._head + data
        self._head = b""
        while data:
            if self._stream is None or self._stream.eof:
                if self._stream is not None and not self._may_follow(data):
                    self._refuse("goes on after its end")
                if self.encoding == "deflate" and len(data) < 2:  # noqa: PLR2004 - the zlib header is two bytes long
                    self._head = data
                    return
                self._stream = self._start(data)
            try:
                data = self._step(data, pieces, max_bytes)
            except _BROKEN as problem:
                self._refuse(f"is broken ({problem})")

    def _may_follow(self, data: bytes) -> bool:
        """Tell a further gzip member or zstd frame from garbage; deflate has no such thing."""
        return self.encoding == "zstd" or (self.encoding != "deflate" and data[0] == _GZIP_MAGIC)

    def _step(self, data: bytes, pieces: list[bytes], max_bytes: int | None) -> bytes:
        """Decode some of the data into pieces; gives the data that is left."""
        stream = self._stream
        if self.encoding == "zstd":
            step = len(data) if max_bytes is None else _ZSTD_INPUT_STEP
            self._take(stream.decompress(data[:step]), pieces, max_bytes)
            return bytes(stream.unused_data) + data[step:]
        out = stream.decompress(data, _OUTPUT_STEP)
        self._take(out, pieces, max_bytes)
        if stream.eof:
            return bytes(stream.unused_data)
        rest = bytes(stream.unconsumed_tail)
        if not rest and len(out) == _OUTPUT_STEP:
            self._drain(pieces, max_bytes)
        return rest

    def _drain(self, pieces: list[bytes], max_bytes: int | None) -> None:
        """Take what the stream holds when the input is used up but the output step was full."""
        while not self._stream.eof and (out := self._stream.decompress(b"", _OUTPUT_STEP)):
            self._take(out, pieces, max_bytes)

    def _take(self, out: bytes, pieces: list[bytes], max_bytes: int | None) -> None:
        self.bytes_out += len(out)
        if max_bytes is not None and self.bytes_out > max_bytes:
            self._refuse(f"is longer than {max_bytes} bytes when decoded")
        pieces.append(out)

    def _refuse(self, what: str) -> NoReturn:
        raise BodyError(f"{self.encoding} body {what}, in the piece that starts at byte {self.bytes_in}")


def _deflate(head: bytes) -> Any:
    """Tell a zlib wrapper, whose two bytes are a multiple of 31, from bare deflate data."""
    wrapped = head[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(head[:2], "big") % 31 == 0
    return isal.isal_zlib.decompressobj(wbits=_ZLIB_WBITS if wrapped else _RAW_WBITS)


def _gzip(_head: bytes) -> Any:
    return isal.isal_zlib.decompressobj(wbits=_GZIP_WBITS)


def _zstd(_head: bytes) -> Any:
    return zstandard.ZstdDecompressor().decompressobj()


_ENCODINGS: Final[dict[str, Callable[[bytes], Any]]] = {
    "identity": lambda _head: None,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}
