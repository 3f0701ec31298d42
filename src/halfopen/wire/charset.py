"""Turns a body in another encoding into UTF-8, piece by piece."""

import codecs
from typing import Final

from halfopen.errors import BodyError

_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_MARK_BYTES: Final = 2
_NAMELESS: Final = "halfopen.c1"


def known(name: str) -> bool:
    """Whether there is a text encoding of that name."""
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - as bytes.decode asks
    except LookupError:
        return False


class ToUtf8:
    """Feed it the body piece by piece, then call `finish`; both give UTF-8.

    A byte order mark of UTF-16 decides whatever `encoding` says; without one `utf-16` is read as Windows writes it,
    little end first. None is UTF-8, which passes as it is: who reads it judges it. The few bytes that mean nothing in
    windows-1252 and its like become the control characters of the same numbers, as in browsers.
    """

    def __init__(self, encoding: str | None) -> None:
        self._encoding = encoding
        self._head: bytes | None = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._taken = 0

    def feed(self, piece: bytes) -> bytes:
        """Take the next piece; BodyError for bytes that the encoding has not."""
        if self._head is not None:
            self._head += piece
            if len(self._head) < _MARK_BYTES:
                return b""
            piece = self._begun()
        return self._decoded(piece, last=False)

    def finish(self) -> bytes:
        """Take the end; BodyError where it comes in the middle of a character."""
        piece = self._begun() if self._head is not None else b""
        return self._decoded(piece, last=True)

    def _begun(self) -> bytes:
        """Choose the decoder, with the first bytes at hand; gives them."""
        head, self._head = self._head or b"", None
        name = _MARKS.get(head[:_MARK_BYTES])
        if name is not None:
            head = head[_MARK_BYTES:]
        elif self._encoding is not None:
            name = codecs.lookup(self._encoding).name
            name = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name)
        if name not in {None, "utf-8", "utf-8-sig", "ascii"}:
            self._decoder = codecs.getincrementaldecoder(name or "")(_NAMELESS if _is_single(name or "") else "strict")
        return head

    def _decoded(self, piece: bytes, *, last: bool) -> bytes:
        if self._decoder is None:
            return piece
        before, self._taken = self._taken, self._taken + len(piece)
        try:
            return self._decoder.decode(piece, last).encode()
        except UnicodeError as problem:
            raise BodyError(
                f"not {self._encoding or 'UTF-16'}, between bytes {before} and {self._taken}"
                f" ({getattr(problem, 'reason', 'broken')}): was the answer cut, or is the dialect's encoding wrong?"
            ) from None


def _is_single(name: str) -> bool:
    """Whether each byte is a character of its own."""
    return name.startswith(("cp12", "cp8", "iso8859", "koi8", "latin", "mac"))


def _as_control(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    return problem.object[problem.start : problem.end].decode("latin-1"), problem.end


codecs.register_error(_NAMELESS, _as_control)
