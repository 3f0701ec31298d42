"""Lets fall what stands before the header row of a CSV."""

from typing import Final

_BOM: Final = b"\xef\xbb\xbf"


def starts_blank(head: bytes) -> bool:
    """Whether a body that begins so has a line end before its header row."""
    return head.removeprefix(_BOM)[:1] in {b"\r", b"\n"}


class FromHeader:
    """Feed it the body piece by piece, then call `finish`; without the line ends that PHP sends for blank lines."""

    def __init__(self) -> None:
        self._is_begun = False

    def feed(self, piece: bytes) -> bytes:
        """Take the next piece; gives what there is from the header row on."""
        if self._is_begun:
            return piece
        rest = piece.removeprefix(_BOM).lstrip(b"\r\n")
        self._is_begun = bool(rest)
        return rest

    def finish(self) -> bytes:
        """Take the end; nothing is held back."""
        return b""
