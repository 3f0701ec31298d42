"""Finds the rows in a JSON body that arrives in pieces, so that memory holds a piece and not the body.

Each finder hands whole rows, as bytes that the decoder can take in one call, to `decode`, and gives what that returns.
What the body is made of around the rows (brackets, commas, an end) is judged here, the rows themselves by the decoder.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from typing import Final, Generic, NoReturn, TypeVar

import msgspec

from halfopen.errors import BodyError

T = TypeVar("T")

LONGEST_ROW: Final = 16 << 20
"""Bytes; a row that does not end within them is refused, so that a broken body cannot take all memory."""

_PIECE: Final = 1 << 18  # a bigger block is taken in pieces, so that memory does not depend on the caller
BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = re.compile(rb"[ \t\r\n]*+")
_SEPARATOR: Final = re.compile(rb"[ \t\r\n]*+,[ \t\r\n]*+(?=\{)")
_BRACE: Final = re.compile(rb'[^"{}]*+(?:"(?:[^"\\]++|\\.)*+"[^"{}]*+)*+[{}]', re.DOTALL)
_MESSAGE_BYTE: Final = re.compile(r" \(byte (\d+)\)")
_MESSAGE_ROW: Final = re.compile(r" - at `\$(?:\[(\d+)\])?.*`")
_FULL_LINE: Final = re.compile(rb"^[ \t\r]*+(?=[^ \t\r\n])", re.MULTILINE)
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TRIES: Final = 8
_SHOWN: Final = 40  # enough to know a page of HTML or an error text by


class RowFinder(ABC, Generic[T]):
    """Feed it the body piece by piece, then call `finish`; both give what `decode` made of the rows so far."""

    def __init__(self, decode: Callable[[bytes], T]) -> None:
        self._decode = decode
        self._buffer = b""
        self._offset = 0  # of the buffer's first byte in the body
        self._enough = 0  # do not look again before the buffer is this long: keeps a giant row linear

    def over(self, blocks: Iterable[bytes]) -> Iterator[T]:
        """Give everything of a whole body.

        Raises:
            BodyError: as `feed` and `finish`.
        """
        for block in blocks:
            for at in range(0, len(block), _PIECE):
                yield from self.feed(block[at : at + _PIECE])
        yield from self.finish()

    def feed(self, piece: bytes) -> Iterator[T]:
        """Take the next piece of the body.

        Raises:
            BodyError: the body cannot be one of rows any more; says at which byte.
        """
        self._buffer += piece
        if len(self._buffer) < self._enough:
            return
        yield from self._advance(last=False)
        self._enough = 2 * len(self._buffer)
        if len(self._buffer) > LONGEST_ROW:
            self._refuse(0, f"the row does not end within {LONGEST_ROW >> 20} MiB")

    def finish(self) -> Iterator[T]:
        """Take the end of the body.

        Raises:
            BodyError: the body is not whole.
        """
        yield from self._advance(last=True)
        self._end()

    @abstractmethod
    def _advance(self, *, last: bool) -> Iterator[T]:
        """Give what is whole in the buffer, and drop it from there."""

    @abstractmethod
    def _end(self) -> None:
        """Refuse a body that is not whole."""

    def _drop(self, count: int) -> None:
        self._buffer = self._buffer[count:]
        self._offset += count

    def _read(self, text: bytes, at: int) -> T:
        """Decode rows; `at` is where `text` begins in the buffer, to name the place of an error."""
        try:
            return self._decode(text)
        except _UNREADABLE as problem:
            mended = _without_lone_surrogates(text)
            if mended == text:
                self._refuse_undecodable(problem, text, at)
        try:
            return self._decode(mended)
        except _UNREADABLE as problem:
            self._refuse_undecodable(problem, mended, at)

    def _refuse_undecodable(self, problem: Exception, text: bytes, at: int) -> NoReturn:
        if isinstance(problem, RecursionError):
            self._refuse(at, "a value is nested too deeply")
        try:
            text.decode()
        except UnicodeDecodeError as invalid:
            self._refuse(at + invalid.start, "not UTF-8")
        message = str(problem)
        if byte := _MESSAGE_BYTE.search(message):
            at += int(byte[1])
        elif row := _MESSAGE_ROW.search(message):
            at += self._row_start(text, int(row[1] or 0))
        what = _MESSAGE_ROW.sub("", _MESSAGE_BYTE.sub("", message)).removeprefix("JSON is malformed: ")
        self._refuse(at, f"cannot be read ({what})")

    def _row_start(self, text: bytes, row: int) -> int:
        """Find a row in a text of several, where that is cheap; the text's start otherwise."""
        del text, row
        return 0

    def _refuse(self, at: int, what: str, *, show: int = 0) -> NoReturn:
        """Name the place by the body's byte; `show` bytes of it are quoted, none where they may be a player's."""
        found = f"{self._buffer[at : at + show].decode('utf-8', 'replace')!r} " if show else ""
        raise BodyError(f"JSON body, byte {self._offset + max(at, 0)}: {found}{what}")


class _Awaits(Enum):
    """What may come next in an array of rows."""

    OPENING = auto()
    FIRST_ROW = auto()
    ROW = auto()
    SEPARATOR = auto()
    NOTHING = auto()


class ArrayRows(RowFinder[T]):
    """The rows of a bare array of objects; `decode` gets an array text.

    The buffer is cut after the last `}` that a `,` and a `{` follow, and the decoder judges the cut: when what stands
    before it is a whole array, nothing was cut through, since JSON is read from left to right. Where it is not (the cut
    lay in a text, or in objects inside of a row) the braces outside of texts are counted instead, and after a few
    wrong cuts that is done from the start for the rest of the body.

    With `inside_from` the array stands inside of something, from that byte of the body on: what follows its end is
    not judged here, and handed out by `rest`.
    """

    def __init__(self, decode: Callable[[bytes], T], inside_from: int | None = None) -> None:
        super().__init__(decode)
        self._offset = inside_from or 0
        self._is_inside = inside_from is not None
        self._awaits = _Awaits.OPENING
        self._trust = _TRIES

    def _advance(self, *, last: bool) -> Iterator[T]:
        buffer, at = self._buffer, 0
        if self._awaits is _Awaits.OPENING and not self._offset and buffer.startswith(BOM):
            at = len(BOM)
        while (at := _space_end(buffer, at)) < len(buffer):
            if self._is_inside and self.is_closed:
                break
            if self._awaits in {_Awaits.FIRST_ROW, _Awaits.ROW} and buffer[at] == ord("{"):
                end = at
                for end, result in self._rows(at):  # noqa: B007 - the last end is where to go on
                    yield result
                if end == at:
                    break
                at = end
                self._awaits = _Awaits.SEPARATOR
            elif not last and self._awaits is _Awaits.OPENING and BOM.startswith(buffer):
                break
            else:
                self._punctuation(at)
                at += 1
        self._drop(at)

    @property
    def is_closed(self) -> bool:
        """Whether the array has ended."""
        return self._awaits is _Awaits.NOTHING

    def rest(self) -> bytes:
        """What follows the end of the array, so far; nothing while it is open."""
        if not self.is_closed:
            return b""
        rest = self._buffer
        self._drop(len(rest))
        return rest

    def _row_start(self, text: bytes, row: int) -> int:
        del text, row
        return 1  # behind the bracket that was put before the rows

    def _rows(self, at: int) -> Iterator[tuple[int, T]]:
        """Decode the whole rows from `at` on; gives where they end with what they are, or nothing."""
        if self._trust and (cut := _last_cut(self._buffer, at)):
            try:
                yield cut, self._decode(b"[" + self._buffer[at:cut] + b"]")
            except _UNREADABLE:
                self._trust -= 1
            else:
                return
        if (end := _rows_end(self._buffer, at)) > at:
            yield end, self._read(b"[" + self._buffer[at:end] + b"]", at - 1)

    def _punctuation(self, at: int) -> None:
        """Take one character around the rows."""
        character = self._buffer[at : at + 1]
        match self._awaits, character:
            case _Awaits.OPENING, b"[":
                self._awaits = _Awaits.FIRST_ROW
            case _Awaits.SEPARATOR, b",":
                self._awaits = _Awaits.ROW
            case ((_Awaits.SEPARATOR | _Awaits.FIRST_ROW), b"]"):
                self._awaits = _Awaits.NOTHING
            case _Awaits.OPENING, b"{":
                self._refuse(at, "an object stands where an array of rows should be: name the path to the rows in it")
            case _Awaits.OPENING, _:
                self._refuse(at, "stands where an array of rows should be", show=_SHOWN)
            case _Awaits.SEPARATOR, _:
                self._refuse(at, "stands where ',' or ']' should be", show=1)
            case _Awaits.NOTHING, _:
                self._refuse(at, "follows the end of the array", show=1)
            case _:
                self._refuse(at, "stands where a row, an object, should be", show=1)

    def _end(self) -> None:
        if self._awaits is _Awaits.OPENING:
            self._refuse(len(self._buffer), "the body is empty, and should be an array of rows")
        if self._awaits is not _Awaits.NOTHING:
            self._refuse(0, "the array is not closed: the answer was cut, ask again")


class LineRows(RowFinder[T]):
    """The rows of NDJSON, one object a line, blank lines allowed; `decode` gets whole lines."""

    def _advance(self, *, last: bool) -> Iterator[T]:
        if not self._offset and self._buffer.startswith(BOM):
            self._drop(len(BOM))
        end = len(self._buffer) if last else self._buffer.rfind(b"\n") + 1
        if self._buffer[:end].strip():
            yield self._read(self._buffer[:end], 0)
        self._drop(end)

    def _row_start(self, text: bytes, row: int) -> int:
        return [line.end() for line in _FULL_LINE.finditer(text)][row]

    def _end(self) -> None:
        """A last line without its newline is whole when the decoder could read it."""


def _space_end(buffer: bytes, at: int) -> int:
    match = _SPACE.match(buffer, at)
    return match.end() if match else at


def _last_cut(buffer: bytes, at: int) -> int:
    """Find the end of what looks like the last whole row but one; 0 where nothing does."""
    end = len(buffer)
    for _ in range(_TRIES):
        end = buffer.rfind(b"}", at, end)
        if end < 0:
            return 0
        if _SEPARATOR.match(buffer, end + 1):
            return end + 1
    return 0


def _rows_end(buffer: bytes, at: int) -> int:
    """Find the end of the last whole row by counting braces outside of texts; `at` itself where none is whole."""
    end, depth = at, 0
    while brace := _BRACE.match(buffer, at):
        at = brace.end()
        depth += 1 if buffer[at - 1] == ord("{") else -1
        if depth:
            continue
        end = at
        separator = _SEPARATOR.match(buffer, at)
        if separator is None:
            break
        at = separator.end()
    return end


def _without_lone_surrogates(text: bytes) -> bytes:
    r"""Write U+FFFD for half an emoji (`\\ud83d` alone): legal JSON, but no text that any database takes."""
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape[1] else escape[0], text)
