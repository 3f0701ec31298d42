"""Where answers wait on disk for callers who are slower than the database: compressed, bounded, gone when read.

A file has no name, so that nothing is left behind whatever happens; it is made of segments, so that its beginning is
given back while its end is still written.
"""

import os
import tempfile
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import IO, Final

import zstandard

SEGMENT_BYTES: Final = 8 << 20
_LEVEL: Final = 1


class Spools:
    """All files of one process. `folder` None is the system's for temporary files; `max_bytes` bounds them together."""

    def __init__(self, folder: str | None = None, max_bytes: int = 2 << 30) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.used = 0
        """Bytes on disk now."""
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Whether there is room for that much more; if so, it is taken."""
        with self._lock:
            if self.used + size > self.max_bytes:
                return False
            self.used += size
            return True

    def give_back(self, size: int) -> None:
        """Of what was taken."""
        with self._lock:
            self.used -= size


@dataclass(slots=True, eq=False)
class _Segment:
    file: IO[bytes]
    size: int = 0
    unread: int = 0
    full: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A piece in the file."""

    segment: _Segment = field(repr=False)
    offset: int
    size: int


class SpoolFile:
    """The rest of one answer. `compress` unless its bytes are compressed already. Safe to use from several threads."""

    def __init__(self, spools: Spools, *, compress: bool) -> None:
        self._spools = spools
        self._compress = compress
        self._segments: deque[_Segment] = deque()
        self._closed = False
        # Held over every read and write: closing must not give a file's number away under either.
        self._lock = threading.Lock()

    def append(self, data: bytes) -> Record | None:
        """Puts a piece at the end; None when there is no room, by our bound or the disk's."""
        packed = zstandard.compress(data, _LEVEL) if self._compress else data
        with self._lock:
            if self._closed or not self._spools.take(len(packed)):
                return None
            try:
                segment = self._open_segment()
                os.pwrite(segment.file.fileno(), packed, segment.size)
            except OSError:
                self._spools.give_back(len(packed))
                return None
            record = Record(segment, segment.size, len(packed))
            segment.size += len(packed)
            segment.unread += 1
            segment.full = segment.size >= SEGMENT_BYTES
            return record

    def read(self, record: Record) -> bytes:
        """Takes a piece out; each once, in order. ValueError after `close`."""
        with self._lock:
            segment = record.segment
            if self._closed:
                raise ValueError("the spool is closed")
            packed = os.pread(segment.file.fileno(), record.size, record.offset)
            segment.unread -= 1
            if segment.full and not segment.unread:
                self._segments.remove(segment)
                self._drop(segment)
        return zstandard.decompress(packed) if self._compress else packed

    def close(self) -> None:
        """Gives everything back."""
        with self._lock:
            self._closed = True
            while self._segments:
                self._drop(self._segments.popleft())

    def _open_segment(self) -> _Segment:
        if not self._segments or self._segments[-1].full:
            file = tempfile.TemporaryFile("w+b", 0, prefix="halfopen-", dir=self._spools.folder)  # noqa: SIM115 - closed by `_drop`
            self._segments.append(_Segment(file))
        return self._segments[-1]

    def _drop(self, segment: _Segment) -> None:
        segment.file.close()
        self._spools.give_back(segment.size)
