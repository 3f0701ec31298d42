"""The demo: casino, serve and sync in one process, watched until the end, then mirror and casino compared."""

import asyncio
import contextlib
import math
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import uvloop
from rich.console import Console
from rich.live import Live

from halfopen.config.load import Config, load
from halfopen.demo import config, view
from halfopen.demo.casino import Casino
from halfopen.demo.compare import Comparison, compare
from halfopen.demo.folder import afresh
from halfopen.demo.world import World
from halfopen.errors import UsageError
from halfopen.serve.server import Server
from halfopen.sync.events import Event, Failed
from halfopen.sync.mirror import owned
from halfopen.sync.puller import Puller
from halfopen.window.clock import utc_now

PAST = timedelta(hours=2)
"""Of casino time, so that the first screen has rows."""
GIVE_UP = timedelta(seconds=60)
"""Without progress at the end: everything is in one process, so what does not come by then does not come."""
LINE_SECONDS = 5.0
FRAME_SECONDS = 0.5
DIFFERS = 1
INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the command line says; `seconds` None is until Ctrl-C."""

    folder: Path
    port: int
    seconds: float | None
    speed: int
    players: int
    seed: int
    command: str = "halfopen"
    """How this program is called from here, for the examples on the screen."""

    def check(self) -> None:
        """UsageError for a word that does not fit."""
        if self.speed not in config.SPEEDS:
            known = ", ".join(map(str, config.SPEEDS))
            raise UsageError(f"--speed {self.speed}: a cadence is 60 / speed whole seconds; choose one of {known}")
        if self.seconds is not None and not 0 < self.seconds < math.inf:
            raise UsageError(f"--seconds {self.seconds:g}: needs more than 0, and an end")
        if self.players < 1:
            raise UsageError(f"--players {self.players}: needs 1 or more")


def run(settings: Settings, console: Console) -> int:
    """Run the demo; the exit code: 0 when the mirror equals the casino, 1 when it differs, 130 for a second Ctrl-C."""
    settings.check()
    with afresh(settings.folder):
        try:
            return uvloop.run(_Show(settings, console).play())
        except (asyncio.CancelledError, KeyboardInterrupt):
            return INTERRUPTED


class _Show:
    """One demo from opening to comparison."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self.settings = settings
        self.console = console
        self.over = asyncio.Event()
        now = utc_now().replace(second=0, microsecond=0)
        self.world = World(settings.seed, settings.players, now - PAST / settings.speed, settings.speed)
        self.casino = Casino(settings.folder / config.CASINO, self.world)
        self.began = utc_now()
        self.trouble = ""

    async def play(self) -> int:
        with _interrupts(self.over):
            await asyncio.to_thread(self._open)
            server = Server(self._config(self.settings.port).needed_serve())
            listener = server.listen()
            found = self._config(urlsplit(server.url).port or self.settings.port)
            await server.start(listener)
            try:
                async with owned(found) as puller:
                    puller.events.listen(self._hear)
                    self._introduce(server.url)
                    found_late = await self._live(puller)
            finally:
                await server.stop()
            self.say("comparing every field of the mirror with the casino ...")
            return self._judge(await asyncio.to_thread(compare, self.casino.database, self._mirror), found_late)

    def say(self, text: str) -> None:
        """A line for a person, never wrapped: it may be copied."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @property
    def _mirror(self) -> Path:
        return self.settings.folder / config.MIRROR

    def _open(self) -> None:
        self.casino.create()
        self.casino.history(utc_now())

    def _config(self, port: int) -> Config:
        return load(config.write(self.settings.folder, port, self.settings.speed, self.world.start))

    async def _live(self, puller: Puller) -> str:
        """Live until it is over, then pull what is owed; what was found on the way."""
        self.began = utc_now()
        pulling = asyncio.create_task(puller.run())
        try:
            await self._open_hours(puller, pulling)
            self.say("the casino is closed; pulling until its last stamp is covered ...")
            left = await puller.drain(self.casino.last or self.world.start, GIVE_UP)
            for feed, windows in left.items():
                self.say(
                    f"{feed}: could not be pulled to the end: {', '.join(windows) or 'not covered'}; {self.trouble}"
                )
            puller.stop()
            await pulling
        finally:
            pulling.cancel()
            await asyncio.wait([pulling])
        return await self._found(puller)

    async def _open_hours(self, puller: Puller, pulling: asyncio.Task[None]) -> None:
        """The casino writes and everybody watches, until it is over or something fails."""
        closing = threading.Event()
        playing = asyncio.create_task(asyncio.to_thread(self.casino.run, utc_now, closing))
        watching = asyncio.create_task(self._watch(puller))
        waiting = asyncio.create_task(self._wait())
        try:
            done, _ = await asyncio.wait([waiting, playing, pulling, watching], return_when=asyncio.FIRST_COMPLETED)
        finally:
            # From here on it ends by itself, so a Ctrl-C means at once.
            self.over.set()
            closing.set()
            watching.cancel()
            await asyncio.wait([playing, watching, waiting])
        for task in done:
            task.result()
        playing.result()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.over.wait(), self.settings.seconds)

    async def _watch(self, puller: Puller) -> None:
        """Show what there is to see, for ever."""
        if not self.console.is_terminal:
            while True:
                await asyncio.sleep(LINE_SECONDS)
                self.say(view.line(await self._moment(puller)))
        with Live(console=self.console, auto_refresh=False) as live:
            while True:
                live.update(view.table(await self._moment(puller)), refresh=True)
                await asyncio.sleep(FRAME_SECONDS)

    async def _moment(self, puller: Puller) -> view.Moment:
        status = await puller.status()
        return view.Moment(
            (utc_now() - self.began).total_seconds(),
            60 / self.settings.speed,
            self.casino.written,
            status["products"][config.PRODUCT]["feeds"],
            self.trouble,
        )

    def _hear(self, event: Event) -> None:
        if isinstance(event, Failed):
            self.trouble = f"{event.feed}: {event.error}"

    async def _found(self, puller: Puller) -> str:
        """Late rows, and how long it took from a login in the casino to its row in the mirror."""
        status = await puller.status()
        late = sum(feed["late"] for feed in status["products"][config.PRODUCT]["feeds"].values())
        _, rows = await puller.query(
            "select count(*), quantile_cont(epoch(_fetched_at) - epoch(created_at), [0.5, 0.99]) from logins"
            f" where created_at >= '{self.began:%Y-%m-%d %H:%M:%S}'"
        )
        count, seconds = rows[0]
        text = f"{late} late rows, found by re-reads; a poller that asks each window once would have missed them"
        if count:
            text += f"\nfrom a login to its row in the mirror: p50 {seconds[0]:.1f} s, p99 {seconds[1]:.1f} s"
        return text

    def _introduce(self, url: str) -> None:
        settings = self.settings
        until = utc_now().replace(second=0, microsecond=0)
        span = "&".join(
            f"{name}={moment:%Y-%m-%d+%H:%M:%S}" for name, moment in (("from", self.world.start), ("to", until))
        )
        cadence = 60 // settings.speed
        ask = f"{settings.command} query --config {settings.folder / config.FILE}"
        self.say(
            f"SpaceVegas is open: {settings.players} players, seed {settings.seed}, {settings.speed} times faster than"
            f" life (a cadence of {cadence} s instead of a minute)\n"
            f"  13 feeds  {url}\n"
            f"            curl -u {config.USER}:{config.PASSWORD} '{url}/api/users?{span}'\n"
            f"  mirror    {self._mirror}\n"
            f'            {ask} "select status, count(*) from transactions group by status"\n'
            f"  {'Ctrl-C ends it' if settings.seconds is None else f'It ends after {settings.seconds:g} s'}"
            " with a comparison of mirror and casino, row by row"
        )

    def _judge(self, found: Comparison, words: str) -> int:
        self.say(words)
        for sample in found.samples:
            self.say(sample)
        self.say(found.line)
        return 0 if found.equal else DIFFERS


@contextlib.contextmanager
def _interrupts(over: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) ends the show in good order, the second one at once."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def interrupted() -> None:
        if over.is_set() and task is not None:
            task.cancel()
        over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
