"""Finds the rows of a JSON body that wraps them in an object, such as `{"data": {"items": [...]}}`, streaming.

What stands around the rows is kept, with `[]` in their place, and decoded at the end: so a body that is cut behind its
rows is no whole body, and what the envelope says of further pages can be read.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec

from halfopen.errors import BodyError
from halfopen.wire.json_rows import BOM, LONGEST_ROW, ArrayRows, RowFinder

T = TypeVar("T")

# Blanks, colons and scalars are passed over; a text or one of the signs that open, part and close is taken.
TOKEN: Final = re.compile(rb'[^"{}\[\],]*+(?:("(?:[^"\\]++|\\.)*+")|([{}\[\],]))', re.DOTALL)


class EnvelopeRows(RowFinder[T]):
    """The rows of the array at `path`; `decode` gets array texts, as from `ArrayRows`."""

    def __init__(self, decode: Callable[[bytes], T], path: Sequence[str]) -> None:
        super().__init__(decode)
        self._path = tuple(path)
        self._walk = Walk(self._path)
        self._array: ArrayRows[T] | None = None
        self._around = b""
        self._taken = 0
        self.document: dict[str, Any] = {}
        """What the envelope says, with no rows in it; once the body is finished."""

    def feed(self, piece: bytes) -> Iterator[T]:
        """Take the next piece of the body; BodyError when it cannot hold rows there any more."""
        self._taken += len(piece)
        if self._array is None:
            self._around = (self._around + piece).removeprefix(BOM)
            at = self._walk.array_in(self._around)
            if at is None:
                self._demand_short()
                return
            piece = self._around[at:]
            self._array = ArrayRows(self._decode, inside_from=self._taken - len(piece))
            self._around = self._around[:at] + b"[]"
        if self._array.is_closed:
            self._around += piece
        else:
            yield from self._array.feed(piece)
            self._around += self._array.rest()
        self._demand_short()

    def finish(self) -> Iterator[T]:
        """Take the end of the body; BodyError when rows or envelope are not whole."""
        if self._array is not None and not self._array.is_closed:
            yield from self._array.finish()
            self._around += self._array.rest()
        try:
            document = msgspec.json.decode(self._around)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            raise BodyError(
                f"JSON body of {self._taken} bytes: what stands around the rows is not whole ({problem})"
            ) from None
        if self._array is None:
            _demand_array(document, self._path)
        self.document = document

    def _advance(self, *, last: bool) -> Iterator[T]:
        del last
        return iter(())

    def _end(self) -> None:
        """`finish` has seen to it."""

    def _demand_short(self) -> None:
        if len(self._around) > LONGEST_ROW:
            where = "no array" if self._array is None else "much more than the array"
            raise BodyError(f"JSON body has {where} at {'.'.join(self._path)!r} in {LONGEST_ROW >> 20} MiB")


class Walk:
    """Walks through the beginning of an object, once, however it is cut; `path` is the array that it looks for."""

    def __init__(self, path: tuple[str, ...] = ()) -> None:
        self._path = path
        self._at = 0
        self.names: list[str | None] = []
        """Of each open object the name in hand, None for an open array."""
        self._awaits_name = False

    def array_in(self, text: bytes) -> int | None:
        """Where the `[` of the rows stands; `text` is what was given before and more."""
        while token := TOKEN.match(text, self._at):
            if token[2] == b"[" and tuple(self.names) == self._path:
                return token.end() - 1
            self._at = token.end()
            self.take(token[1], token[2])
        return None

    def take(self, text: bytes | None, sign: bytes | None) -> None:
        """Go over one token: a text with its quotes, or a sign."""
        if text is not None:
            if self._awaits_name:
                self.names[-1] = _unquoted(text)
                self._awaits_name = False
        elif sign == b"{":
            self.names.append("")
            self._awaits_name = True
        elif sign == b"[":
            self.names.append(None)
            self._awaits_name = False
        elif sign == b",":
            self._awaits_name = bool(self.names) and self.names[-1] is not None
        else:
            self.names[-1:] = []
            self._awaits_name = False


def _unquoted(text: bytes) -> str:
    try:
        return msgspec.json.decode(text, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""  # the decoder of the whole will say what is wrong with it


def _demand_array(document: object, path: Sequence[str]) -> None:
    """Say what stands where the rows should be."""
    for depth, name in enumerate(path, 1):
        if not isinstance(document, dict) or name not in document:
            names = ", ".join(map(repr, document)) if isinstance(document, dict) else type(document).__name__
            raise BodyError(f"JSON body has no {'.'.join(path[:depth])!r}: found {names[:200]}")
        document = document[name]
    raise BodyError(f"JSON body holds no array of objects at {'.'.join(path)!r}")
