"""`halfopen serve` as processes of their own, which can be killed and started again on their port."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL

_START_SECONDS = 60.0


class DidNotStart(Exception):  # noqa: N818 - says what happened
    """The server ended before it served; the text is what it said."""


class Server:
    """One server; `settings` are lines of [serve]. What it says on stderr is kept in `log`."""

    def __init__(self, name: str, folder: Path, port: int, settings: str, mapping: str) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / f"{name}.log"
        self._port = port
        self._config = folder / f"{name}.toml"
        self._config.write_text(f"[serve]\n{settings}\n[serve.limits]\nwindows_per_caller = 500\n{mapping}", "utf-8")
        self._process: Process | None = None
        self._output: asyncio.Task[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None, "not started"  # noqa: S101 - a mistake of the harness
        return self._process.pid

    async def start(self) -> None:
        """Returns once it serves; DidNotStart with its own words otherwise."""
        words = ("serve", "--config", str(self._config), "--port", str(self._port))
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "halfopen", *words, stdin=DEVNULL, stdout=PIPE, stderr=log, env=os.environ
            )
        assert self._process.stdout is not None, "it has a pipe"  # noqa: S101 - as above
        try:
            async with asyncio.timeout(_START_SECONDS):
                while line := await self._process.stdout.readline():
                    if line.startswith(b"serving on "):
                        self._output = asyncio.create_task(self._process.stdout.read())
                        return
        except TimeoutError:
            self._process.kill()
        await self._process.wait()
        raise DidNotStart(f"{self.name}: {self.log.read_text('utf-8')[-1000:]}")

    async def kill(self) -> None:
        """Kill -9."""
        await self._end(SIGKILL)

    async def stop(self) -> None:
        """As an operator stops it."""
        await self._end(None)

    async def _end(self, signal: int | None) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            if signal is None:
                self._process.terminate()
            else:
                self._process.send_signal(signal)
        await self._process.wait()
        if self._output is not None:
            await self._output
        self._process = self._output = None
