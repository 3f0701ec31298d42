"""How a body leaves: held and receipted when it is short, streamed when it is long.

A short answer (up to 1 MiB) is whole before its first byte leaves, so that a failing query still becomes a real error.
A long one goes out in chunks; when its query fails midway, the connection is broken without the final chunk, and no
HTTP client can take it for whole. HTTP/1.0 has no chunks: there a long answer goes through a file and carries its
length.
"""

import asyncio
import base64
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import IO, Any, Final

from starlette.types import Send

HELD_BYTES: Final = 1024 * 1024
_COPIED_BYTES: Final = 256 * 1024


@dataclass(slots=True)
class Delivery:
    """Sends one answer. `rows` tells how many rows were read so far; `sent` counts bytes of the body."""

    send: Send
    http_version: str
    headers: Mapping[str, str]
    rows: Callable[[], int]
    sent: int = 0
    started: bool = False

    async def head(self) -> None:
        """The headers alone."""
        await self._start({})
        await self._body(b"")

    async def deliver(self, body: AsyncIterator[bytes]) -> None:
        """The whole body. Raises what the body raises: before the first byte has left while `started` is False."""
        held, rest = await _held(body)
        if rest is None:
            await self._start(self._receipt(held))
            await self._body(held)
        elif self.http_version == "1.0":
            await self._spool(held, rest)
        else:
            await self._stream(held, rest)

    def _receipt(self, body: bytes) -> dict[str, str]:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
        return {
            "Content-Length": str(len(body)),
            "Content-Digest": f"sha-256=:{digest}:",
            "Halfopen-Rows": str(self.rows()),
        }

    async def _stream(self, held: bytes, rest: AsyncIterator[bytes]) -> None:
        await self._start({})
        await self._body(held, more=True)
        async for block in rest:
            await self._body(block, more=True)
        await self._body(b"")

    async def _spool(self, held: bytes, rest: AsyncIterator[bytes]) -> None:
        with tempfile.TemporaryFile(prefix="halfopen-") as file:
            size = await asyncio.to_thread(file.write, held)
            async for block in rest:
                size += await asyncio.to_thread(file.write, block)
            file.seek(0)
            await self._start({"Content-Length": str(size), "Halfopen-Rows": str(self.rows())})
            while self.sent < size:
                await self._copy(file)
            await self._body(b"")

    async def _copy(self, file: IO[bytes]) -> None:
        await self._body(await asyncio.to_thread(file.read, _COPIED_BYTES), more=True)

    async def _start(self, more: Mapping[str, str]) -> None:
        self.started = True
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in {**self.headers, **more}.items()
        ]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _body(self, block: bytes, *, more: bool = False) -> None:
        message: MutableMapping[str, Any] = {"type": "http.response.body", "body": block, "more_body": more}
        await self.send(message)
        self.sent += len(block)


async def _held(body: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """All of a short body; of a long one its beginning, and the rest."""
    blocks: list[bytes] = []
    size = 0
    async for block in body:
        blocks.append(block)
        size += len(block)
        if size > HELD_BYTES:
            return b"".join(blocks), body
    return b"".join(blocks), None
