"""From blocks of lines to the bytes of a body: the header of a CSV, the brackets of a JSON array."""

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from functools import lru_cache

from halfopen.sources.base import ROW_END
from halfopen.wire.csv import line
from halfopen.wire.negotiate import Format


async def framed(blocks: AsyncIterable[bytes], names: Sequence[str], format_: Format) -> AsyncGenerator[bytes, None]:
    """The body, block by block; a CSV has its header row and a JSON array its brackets without any row too."""
    if format_ is Format.JSON:
        async for block in _array(blocks):
            yield block
        return
    if format_ is Format.CSV:
        yield _header(tuple(names))
    async for block in blocks:
        yield block


@lru_cache(maxsize=64)
def _header(names: tuple[str, ...]) -> bytes:
    return line(names)


async def _array(blocks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    end = ROW_END[Format.JSON]
    lead = b"["
    async for block in blocks:
        yield lead + block[: -len(end)]
        lead = end
    yield b"[]\n" if lead == b"[" else b"]\n"
