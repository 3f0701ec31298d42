"""Where a body may be cut, so that it can be judged a piece at a time and never lies in memory whole.

A line end of NDJSON always ends a row. One of CSV does so outside of quotes, and it is not enough that the quotes
before it are even in number: DuckDB takes a quote inside of a bare field (`5" screen`) for text, and two of those leave
every quoted text between them inside out. So a cut wants a proof as well, from the last run of quotes before it that is
odd in number. (A run that is even changes nothing: doubled quotes in a text, or an empty text.) Such a run behind an
ordinary character cannot have opened a field: either it closed one, or it is text of a bare field. Behind a comma, a
line end or a blank it may have opened one, and proves nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from halfopen.errors import BodyError
from halfopen.sinks.stage import header_of
from halfopen.wire.csv import LONGEST_ROW
from halfopen.wire.negotiate import Format

_BLOCK_BYTES = 256 << 10
_TAIL_BYTES = 4 << 10
"""As a rule the last lines have a quote that tells."""


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """head: what goes before each piece, the header of a CSV; pieces: their first byte and the one after their last."""

    head: bytes
    pieces: tuple[tuple[int, int], ...]

    def write(self, body: Path, number: int, piece: Path) -> None:
        """Make a body of one piece."""
        start, end = self.pieces[number]
        with body.open("rb") as source, piece.open("wb") as target:
            target.write(self.head)
            source.seek(start)
            while start < end:
                block = source.read(min(end - start, _BLOCK_BYTES))
                target.write(block)
                start += len(block)


def cuts(body: Path, format_: Format, size: int) -> Cuts | None:
    """Pieces of `size` bytes or a little more, each of whole rows; None for a body that is to stay whole.

    A body stays whole when it is no longer than `size`, or when no place is found that surely ends a row.
    """
    if body.stat().st_size <= size:
        return None
    head = b""
    if format_ is Format.CSV:
        found = _head(body)
        if found is None:
            return None
        head = found
    pieces = tuple(_pieces(body, len(head), size, quotes=format_ is Format.CSV))
    return Cuts(head=head, pieces=pieces) if len(pieces) > 1 else None


def _head(body: Path) -> bytes | None:
    """The header with its line end; None where it is not plainly the first line."""
    with body.open("rb") as file:
        line = file.readline(_BLOCK_BYTES)
    try:
        whole = line.endswith(b"\n") and header_of([line]) is not None
    except BodyError:
        return None
    return line if whole else None


def _pieces(body: Path, start: int, size: int, *, quotes: bool) -> Iterator[tuple[int, int]]:
    """Pieces from byte `start` on, all of the body."""
    at, outside, even = start, True, True
    for lines in _lines(body, start, min(size, _BLOCK_BYTES)):
        at += len(lines)
        if quotes:
            even ^= lines.count(b'"') % 2 == 1
            outside = _outside(lines, outside)
        if at - start >= size and outside and even:
            yield start, at
            # What a piece starts with is known, whatever its quotes are like.
            start, outside = at, True
    end = body.stat().st_size
    if start < end:
        yield start, end


def _outside(lines: bytes, before: bool) -> bool:  # noqa: FBT001 - what was known before
    """Whether the end of these lines is surely outside of quotes, `before` where they have no quote that tells."""
    few = lines.rfind(b"\n", 0, max(len(lines) - _TAIL_BYTES, 0)) + 1
    for part in (lines[few:], lines) if few else (lines,):
        odd_runs = part.replace(b'""', b"")
        last = odd_runs.rfind(b'"')
        if last >= 0:
            # Blanks may stand before a quote that opens a field; with them all that is not printed counts as what may.
            return last > 0 and odd_runs[last - 1] > ord(" ") and odd_runs[last - 1] != ord(",")
    return before


def _lines(body: Path, start: int, size: int) -> Iterator[bytes]:
    """The body from byte `start` in blocks that end with a line end; what follows the last one is left out."""
    held = bytearray()
    with body.open("rb") as file:
        file.seek(start)
        while block := file.read(size):
            end = block.rfind(b"\n") + 1
            if end:
                yield bytes(held) + block[:end]
                held = bytearray(block[end:])
            elif len(held) > LONGEST_ROW:
                return  # whoever reads the piece refuses it, or takes another sign for its line end
            else:
                held += block
