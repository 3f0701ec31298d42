"""The file that an answer goes to while it arrives.

No file is touched in the event loop: making or removing one may wait while the mirror's log goes to the disk, and
nobody else would be asked meanwhile. A small answer is held until whoever reads it, in a thread, has it put into its
file.
"""

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from halfopen.errors import SinkError


class Spool:
    """Takes an answer piece by piece; it is whole in its file after `finish`. Use it as a context while it arrives.

    held: bytes that are kept in memory before they go to the file.
    """

    def __init__(self, path: Path, held: int) -> None:
        self._path = path
        self._most = held
        self._held = bytearray()
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    async def write(self, piece: bytes) -> None:
        """Take a piece; SinkError when the disk does not."""
        self._held += piece
        if len(self._held) >= self._most:
            await asyncio.to_thread(self._put)

    async def end(self) -> None:
        """That was all; what is held of an answer whose file is open goes there now. SinkError."""
        if self._file is not None:
            await asyncio.to_thread(self.finish)

    def finish(self) -> None:
        """Have all of it in the file, for a thread to do; once is enough. SinkError when the disk does not take it."""
        if self._file is None or not self._file.closed:
            self._put(close=True)

    def _put(self, *, close: bool = False) -> None:
        """Its failure is the mirror's and not the connection's."""
        try:
            if self._file is None:
                self._file = self._path.open("wb", buffering=0)
            left = memoryview(self._held)
            while left:
                left = left[self._file.write(left) :]
            left.release()
            self._held = bytearray()
            if close:
                self._file.close()
        except OSError as error:
            self._close()
            raise SinkError(f"cannot spool an answer to {self._path}: {error.strerror}; make room there") from None

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # what could not be written has been told by `_put`
                self._file.close()


async def unspool(path: Path) -> None:
    """Remove the file, if it is there."""
    await asyncio.to_thread(path.unlink, missing_ok=True)
