"""`halfopen serve` in a process of its own, as an operator runs it."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


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
        await process.wait()
        await noise
