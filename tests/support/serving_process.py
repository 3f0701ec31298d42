"""`halfopen serve` in a process of its own, as an operator runs it."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.guard import ends_with_us

_STOP_SECONDS = 40
"""More than what is in flight is given to end."""


async def start(config: Path, *options: str) -> tuple[Process, list[str]]:
    """The process, once it serves, and the lines that it said until then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "halfopen",
        "serve",
        "--config",
        str(config),
        "--port",
        "0",
        *options,
        stdout=PIPE,
        stderr=PIPE,
    )
    ends_with_us(process.pid)
    lines = []
    while line := (await process.stdout.readline()).decode():
        lines.append(line.rstrip())
        if line.startswith("serving on "):
            return process, lines
    raise AssertionError((await process.stderr.read()).decode())


@asynccontextmanager
async def serving(config: Path, *options: str) -> AsyncIterator[tuple[str, Process]]:
    process, lines = await start(config, *options)
    noise = asyncio.create_task(process.stderr.read())
    try:
        yield lines[-1].removeprefix("serving on "), process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            raise AssertionError(f"serve did not stop: {(await noise).decode()[-4000:]}") from None
        await noise
