"""The command `halfopen` as a process of its own, from inside an event loop."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.guard import ends_with_us


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


async def start(*words: str | Path, folder: Path, **environ: str) -> asyncio.subprocess.Process:
    """Start `halfopen WORDS` in `folder`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "halfopen",
        *map(str, words),
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "error", "COLUMNS": "200", **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    ends_with_us(process.pid)
    return process


async def ended(process: asyncio.subprocess.Process, seconds: float = 60) -> Ended:
    """Wait for the end of a process."""
    async with asyncio.timeout(seconds):
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def run(*words: str | Path, folder: Path, seconds: float = 60, **environ: str) -> Ended:
    """Run `halfopen WORDS` to its end."""
    return await ended(await start(*words, folder=folder, **environ), seconds)


@contextlib.asynccontextmanager
async def running(*words: str | Path, folder: Path, **environ: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is ended with the block, if it has not ended before."""
    process = await start(*words, folder=folder, **environ)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
