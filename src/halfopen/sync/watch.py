"""What a running sync tells while it runs: `/metrics` and `/healthz`, alerts to a webhook, a log of JSON lines."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp import web

from halfopen.config.alerts import AlertsConfig
from halfopen.config.mirror import MirrorConfig
from halfopen.errors import SinkError, UsageError
from halfopen.sync.alerts import Bell, Message, wrong
from halfopen.sync.events import Committed, Event, Failed
from halfopen.sync.metrics import MEDIA_TYPE, Metrics
from halfopen.sync.puller import Puller
from halfopen.sync.standing import Standing, Tallies, standings

CHECK_SECONDS = 10.0
_POST = aiohttp.ClientTimeout(total=10)
_GOOD = 300
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """How all feeds of `puller` stand."""

    puller: Puller
    tallies: Tallies
    clock: Callable[[], datetime]

    def standings(self) -> Iterable[Standing]:
        """Now."""
        return standings(self.puller.standing(), self.tallies, self.clock())


@contextlib.asynccontextmanager
async def watching(
    puller: Puller,
    config: MirrorConfig,
    clock: Callable[[], datetime],
    say: Say,
    *,
    log: BinaryIO | None = None,
    check_seconds: float = CHECK_SECONDS,
) -> AsyncIterator[None]:
    """Within the block the sync is watched as `[mirror]` says; `say` shows a person a line.

    Raises:
        UsageError: the address of `listen` cannot be had.
    """
    watch = Watch(puller=puller, tallies=Tallies(), clock=clock)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(puller.events.listen(watch.tallies.hear))
        if config.log == "json":
            stack.callback(puller.events.listen(journal(log or sys.stderr.buffer)))
        if config.place is not None:
            await stack.enter_async_context(_served(watch, *config.place))
        if config.alerts is not None:
            bell = asyncio.ensure_future(ring(watch, config.alerts, say, check_seconds))
            stack.push_async_callback(_ended, bell)
        yield


def journal(out: BinaryIO) -> Callable[[Event], None]:
    """Writes what was committed or failed as lines of JSON: what happened, when, to which window of which feed."""

    def hear(event: Event) -> None:
        if not isinstance(event, (Committed, Failed)):
            return
        level = "warning" if isinstance(event, Failed) else "info"
        told = {"level": level, "event": type(event).__name__.lower(), **msgspec.structs.asdict(event)}
        out.write(msgspec.json.encode(told) + b"\n")
        out.flush()

    return hear


async def ring(watch: Watch, config: AlertsConfig, say: Say, check_seconds: float) -> None:
    """Look now and then, and post what is wrong; what could not be posted is posted the next time."""
    bell = Bell(config.again)
    async with aiohttp.ClientSession(timeout=_POST, headers={"User-Agent": "halfopen"}) as session:
        while True:
            await asyncio.sleep(check_seconds)
            now = watch.clock()
            for message in bell.messages(wrong(watch.standings(), config, now), now):
                trouble = await _posted(session, config.webhook, message)
                if trouble is None:
                    bell.told(message)
                else:
                    say(f"halfopen: an alert could not be posted to {urlsplit(config.webhook).hostname}: {trouble}")
                    break


async def _posted(session: aiohttp.ClientSession, webhook: str, message: Message) -> str | None:
    """What went wrong; never with the address, which may hold a secret."""
    try:
        async with session.post(webhook, json=message.told(), allow_redirects=False) as answer:
            return None if answer.status < _GOOD else f"it answered {answer.status}"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return type(error).__name__


@contextlib.asynccontextmanager
async def _served(watch: Watch, host: str, port: int) -> AsyncIterator[None]:
    metrics = Metrics(watch.standings, watch.puller.down, watch.tallies)

    async def tell_metrics(_: web.Request) -> web.Response:
        return web.Response(body=await asyncio.to_thread(metrics.text), headers={"Content-Type": MEDIA_TYPE})

    async def tell_health(_: web.Request) -> web.Response:
        """Whether it pulls and stores at all; how far feeds are behind is for metrics and alerts."""
        trouble = ""
        try:
            await asyncio.wait_for(watch.puller.alive(), timeout=60)
        except (SinkError, TimeoutError) as error:
            trouble = str(error) or "the mirror has been busy for 60 s"
        told = {"status": "bad" if trouble else "ok", "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        if trouble:
            told["trouble"] = trouble
        return web.Response(text=json.dumps(told), content_type="application/json", status=503 if trouble else 200)

    app = web.Application()
    app.add_routes([web.get("/metrics", tell_metrics), web.get("/healthz", tell_health)])
    runner = web.AppRunner(app, handle_signals=False, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise UsageError(f"mirror.listen: cannot listen on {host}:{port}: {error.strerror}") from None
        yield
    finally:
        await runner.cleanup()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
