"""Finds the rows of a JSON body that wraps them in an object, such as `{"data": {"items": [...]}}`; held whole."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from halfopen.errors import BodyError
from halfopen.wire.json_rows import BOM, RowFinder

T = TypeVar("T")


class EnvelopeRows(RowFinder[T]):
    """The rows of an array somewhere inside of one object; `decode` gets the whole body."""

    def __init__(self, decode: Callable[[bytes], T]) -> None:
        super().__init__(decode)
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[T]:
        """Keep the piece; everything is given at the end."""
        self._pieces.append(piece)
        return iter(())

    def _advance(self, *, last: bool) -> Iterator[T]:
        del last
        self._buffer = b"".join(self._pieces).removeprefix(BOM)
        self._pieces.clear()
        yield self._read(self._buffer, 0)

    def _end(self) -> None:
        """The decoder has read a whole body."""


def rows_at(document: object, path: Sequence[str]) -> list[dict[str, object]]:
    """Walk into an envelope.

    Raises:
        BodyError: there is no such path, or something else than an array of objects stands there.
    """
    for depth, name in enumerate(path, 1):
        if not isinstance(document, dict) or name not in document:
            names = ", ".join(map(repr, document)) if isinstance(document, dict) else type(document).__name__
            raise BodyError(f"JSON body has no {'.'.join(path[:depth])!r}: found {names[:200]}")
        document = document[name]
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise BodyError(f"JSON body holds no array of objects at {'.'.join(path)!r}")
    return document
