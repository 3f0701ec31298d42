"""How a body leaves: held and receipted when it is short, streamed when it is long.

A short answer (up to 1 MiB) is whole before its first byte leaves, so that a failing query still becomes a real error.
A long one goes out in chunks; when its query fails midway, the connection is broken without the final chunk, and no
HTTP client can take it for whole. HTTP/1.0 has no chunks: there a long answer goes through a file and carries its
length.
"""

import asyncio
import base64
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import Send

from halfopen.errors import HalfopenError
from halfopen.serve.problems import Problem
from halfopen.serve.readahead import Readahead
from halfopen.serve.spool import Record, SpoolFile, Spools
from halfopen.wire.encode import Encoder, Encoding

HELD_BYTES: Final = 1024 * 1024
ENCODED_FROM_BYTES: Final = 1024
"""A shorter body is sent as it is: it fits into a packet or two."""

STALLED_SECONDS: Final = 300.0
"""A caller who takes nothing for so long has gone without saying so."""

_IN_PLACE_BYTES: Final = 128 * 1024
"""Encoding runs at 300 MB/s and more: up to here it costs less than a trip to a thread and back."""


class Stalled(HalfopenError):  # noqa: N818 - what the caller has done, in a word
    """The caller takes nothing any more."""


@dataclass(slots=True)
class Delivery:
    """Sends one answer. `rows` tells how many rows were read so far; `sent` counts bytes of the body.

    `accepted`: encodings that the caller takes, the best first.
    """

    send: Send
    http_version: str
    headers: Mapping[str, str]
    rows: Callable[[], int]
    accepted: Sequence[Encoding] = (Encoding.IDENTITY,)
    spools: Spools = field(default_factory=Spools)
    is_crowded: Callable[[], bool] = lambda: False
    sent: int = 0
    started: bool = False
    is_spooled: bool = False

    async def head(self) -> None:
        """The headers alone."""
        await self._start({})
        await self._body(b"")

    async def deliver(self, body: AsyncIterator[bytes]) -> None:
        """The whole body. Raises what the body raises: before the first byte has left while `started` is False."""
        held, is_whole = await _held(body)
        if is_whole:
            await self._whole(b"".join(held))
            return
        encoding = self.accepted[0]
        async with aclosing(_encoded(_chained(held, body), Encoder(encoding))) as blocks:
            if self.http_version == "1.0":
                await self._spool(blocks, encoding)
            else:
                await self._stream(blocks, encoding)

    async def _whole(self, body: bytes) -> None:
        encoding = self.accepted[0]
        if len(body) < ENCODED_FROM_BYTES and Encoding.IDENTITY in self.accepted:
            encoding = Encoding.IDENTITY
        if encoding is not Encoding.IDENTITY:
            is_long = len(body) > _IN_PLACE_BYTES
            body = await asyncio.to_thread(_all_encoded, body, encoding) if is_long else _all_encoded(body, encoding)
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
        await self._start(
            {
                **_named(encoding),
                "Content-Length": str(len(body)),
                "Content-Digest": f"sha-256=:{digest}:",
                "Halfopen-Rows": str(self.rows()),
            }
        )
        await self._body(body)

    async def _stream(self, blocks: AsyncIterator[bytes], encoding: Encoding) -> None:
        await self._start(_named(encoding))
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as patience:

                def stalled(seconds: float) -> None:
                    if seconds > STALLED_SECONDS:
                        patience.reschedule(loop.time())

                ahead = Readahead(
                    blocks,
                    self.spools,
                    compress=encoding is Encoding.IDENTITY,
                    is_crowded=self.is_crowded,
                    stalled=stalled,
                )
                try:
                    async for block in ahead:
                        with ahead.sending():
                            await self._body(block, more=True)
                    with ahead.sending():
                        await self._body(b"")
                finally:
                    self.is_spooled = ahead.is_spooled
                    await ahead.close()
        except TimeoutError:
            if patience.expired():
                raise Stalled(f"the caller has taken nothing for {STALLED_SECONDS:g} s") from None
            raise

    async def _spool(self, blocks: AsyncIterator[bytes], encoding: Encoding) -> None:
        """The whole answer to disk, then out with its length."""
        file = SpoolFile(self.spools, compress=encoding is Encoding.IDENTITY)
        records: deque[Record] = deque()
        size = 0
        try:
            async for block in blocks:
                record = await asyncio.to_thread(file.append, block)
                if record is None:
                    raise Problem(
                        413,
                        "too_long",
                        f"to HTTP/1.0 an answer of more than {size} bytes cannot be sent now (serve.limits.spool_max): "
                        "ask with HTTP/1.1, or for shorter windows",
                    )
                records.append(record)
                size += len(block)
            await self._start({**_named(encoding), "Content-Length": str(size), "Halfopen-Rows": str(self.rows())})
            while records:
                await self._body(await asyncio.to_thread(file.read, records.popleft()), more=True)
            await self._body(b"")
        finally:
            file.close()

    async def _start(self, more: Mapping[str, str]) -> None:
        self.started = True
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in {**self.headers, "Vary": "Accept-Encoding", **more}.items()
        ]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _body(self, block: bytes, *, more: bool = False) -> None:
        message: MutableMapping[str, Any] = {"type": "http.response.body", "body": block, "more_body": more}
        await self.send(message)
        self.sent += len(block)


async def _held(body: AsyncIterator[bytes]) -> tuple[deque[bytes], bool]:
    """The blocks of a short body, True; of a long one its first, False."""
    blocks: deque[bytes] = deque()
    size = 0
    async for block in body:
        blocks.append(block)
        size += len(block)
        if size > HELD_BYTES:
            return blocks, False
    return blocks, True


async def _chained(held: deque[bytes], rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Lets go of what was held as it is sent: a caller who takes nothing must not keep it in memory."""
    while held:
        yield held.popleft()
    async for block in rest:
        yield block


async def _encoded(blocks: AsyncIterator[bytes], encoder: Encoder) -> AsyncGenerator[bytes, None]:
    async for block in blocks:
        if len(block) > _IN_PLACE_BYTES and encoder.encoding is not Encoding.IDENTITY:
            coded = await asyncio.to_thread(encoder.feed, block)
        else:
            coded = encoder.feed(block)
        if coded:
            yield coded
    if last := encoder.finish():
        yield last


def _all_encoded(body: bytes, encoding: Encoding) -> bytes:
    encoder = Encoder(encoding)
    return encoder.feed(body) + encoder.finish()


def _named(encoding: Encoding) -> dict[str, str]:
    return {} if encoding is Encoding.IDENTITY else {"Content-Encoding": encoding}
