"""Chromium by its command line, found on the machine; absent, the test is skipped, and fails where CI is set."""

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

SECONDS = 60
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")


def found() -> str:
    """The program."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        told = f"no Chromium on this machine (looked for {', '.join(_NAMES)})"
        if os.environ.get("CI"):
            pytest.fail(f"{told}: .ci/run installs it")
        pytest.skip(told)
    return program


async def chromium(folder: Path, url: str, *options: str) -> str:
    """What Chromium says on stdout, with a profile of its own in `folder`."""
    process = await asyncio.create_subprocess_exec(
        found(), *_OPTIONS, f"--user-data-dir={folder / 'chromium'}", *options, url, stdout=PIPE, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(SECONDS):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out.decode()
