"""One run: a casino, servers, writers and pollers at once, and then the reckoning."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import aiohttp

from late.after import After, after
from late.casino import FEEDS, mapping
from late.places import Place
from late.pollers import Horizon, Poller
from late.scale import Scale
from late.servers import DidNotStart, Server
from late.trouble import Killer, Thief
from late.truth import Figures, Final, final, judge
from late.variants import ALLOWED_SECONDS, VARIANTS, Variant, settings
from late.writers import Writers
from support.servers import free_port

_STATE = "state.sqlite"
_LONGER = 0.4
_AT_ONCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How long, how much, how hard.

    `seconds` of writing and of asking afterwards (`settle`) are real, `tail` is the product's. Where the machine is too
    busy for `rows`, it is written somewhat longer.
    """

    scale: Scale = field(default_factory=lambda: Scale(30))
    seconds: float = 150.0
    rows: int = 0
    tail: float = 90.0
    seed: int = 1
    writers: int = 16
    rate: float = 150.0
    variants: tuple[str, ...] = ("plain", "wait", "lift", "apart")
    settle: float | None = None
    kill_every: float | None = None
    lose_state: bool = False
    free_sql: bool = False


@dataclass(slots=True, kw_only=True)
class Report:
    """`lines`: variant, when it asks, what it made of it. `notes`: what a reader must know.

    latest: how long after its stamp a row committed, at most; seconds of the product.
    """

    lines: list[tuple[str, str, Figures]] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    latest: float = 0.0
    after: dict[str, After] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Stage:
    """The servers that started, and who asks them."""

    servers: dict[str, list[Server]] = field(default_factory=dict)
    pollers: dict[str, list[Poller]] = field(default_factory=dict)


async def run(options: Options, place: Place, folder: Path) -> Report:
    """Everything, once. `folder` takes configurations, states and logs."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2 * options.writers + 8))
    report, scale = Report(), options.scale
    horizon = Horizon(scale.floor(time.time()), scale.window)
    async with _staged(options, place, folder, horizon, report) as stage, _client() as client:
        writers = Writers(
            engine=place.engine,
            scale=scale,
            seed=options.seed,
            count=options.writers,
            rate=options.rate,
            tail=options.tail,
        )
        pollers = [poller for group in stage.pollers.values() for poller in group]
        async with asyncio.TaskGroup() as group:
            for poller in pollers:
                group.create_task(poller.run(client))
            await _write(options, writers, stage, folder, report)
            settle = options.settle if options.settle is not None else scale.real(options.tail + ALLOWED_SECONDS)
            horizon.last = scale.floor(time.time() + settle)
        truth = await final(place.engine)
        report.endings = writers.endings
        report.latest = scale.product(writers.latest)
        for poller in pollers:
            report.lines.append(
                (poller.variant, poller.said, judge(poller.received, truth, writers.book, scale.factor))
            )
            report.notes += _errors(poller)
        await _afterwards(client, stage, truth, report)
    return report


async def _write(options: Options, writers: Writers, stage: _Stage, folder: Path, report: Report) -> None:
    """Lets the writers write for so many seconds, with the trouble that was ordered, and waits for their ends."""
    await _begun(stage)
    await _next_window(writers.scale)
    writers.born = time.time()
    await writers.open()
    lifting = [
        server for name, servers in stage.servers.items() if VARIANTS[name].late_rows == "lift" for server in servers
    ]
    asking = [poller for name in stage.pollers if VARIANTS[name].late_rows == "lift" for poller in stage.pollers[name]]
    killer = Killer(lifting, asking, Random(options.seed), options.kill_every or 0.0)
    thief = Thief(lifting[0], folder / f"lift-1-{_STATE}", options.seconds / 2) if options.lose_state else None
    async with asyncio.TaskGroup() as group:
        group.create_task(writers.run())
        if options.kill_every:
            group.create_task(killer.run(writers.stop))
        if thief is not None:
            group.create_task(thief.run())
        await asyncio.sleep(options.seconds)
        until = time.monotonic() + _LONGER * options.seconds
        while len(writers.book.keys) < options.rows and time.monotonic() < until:  # noqa: ASYNC110 - a look a second is cheap
            await asyncio.sleep(1)
        writers.stop.set()
    if options.kill_every:
        report.notes.append(f"{killer.kills} times kill -9 of a lifting server, {killer.cut} requests under way")
    if thief is not None:
        report.notes.append("state deleted; the server said: " + (" | ".join(thief.warnings) or "nothing"))


async def _begun(stage: _Stage) -> None:
    """Seals begin with a feed's first answer at the latest; windows from before are raw and must stay empty."""
    pollers = [poller for group in stage.pollers.values() for poller in group if poller.delay < _AT_ONCE_SECONDS]
    while any(poller.received.answered != FEEDS.keys() for poller in pollers if not poller.gives_up):  # noqa: ASYNC110 - it is over in a moment
        await asyncio.sleep(0.1)


async def _next_window(scale: Scale) -> None:
    """The opening rows are many and all committed at once: half of them stamped before an edge would drown the rest."""
    width = scale.window.total_seconds()
    await asyncio.sleep(width - time.time() % width + 0.1)


async def _afterwards(client: aiohttp.ClientSession, stage: _Stage, truth: Final, report: Report) -> None:
    for name, pollers in stage.pollers.items():
        if VARIANTS[name].late_rows == "lift":
            report.after[name] = await after(client, pollers[0], truth)


@asynccontextmanager
async def _staged(
    options: Options, place: Place, folder: Path, horizon: Horizon, report: Report
) -> AsyncIterator[_Stage]:
    """All servers, started at once; what does not start is left out and noted."""
    stage = _Stage()
    async with AsyncExitStack() as stack:
        variants = [VARIANTS[name] for name in options.variants]
        made = [(variant, _servers(variant, place, options, folder)) for variant in variants]
        for _, servers in made:
            for server in servers:
                stack.push_async_callback(server.stop)
        started = await asyncio.gather(*(_start(servers) for _, servers in made))
        for (variant, servers), reason in zip(made, started, strict=True):
            if reason:
                report.left_out[variant.name] = reason
                continue
            stage.servers[variant.name] = servers
            stage.pollers[variant.name] = _pollers(variant, servers, options.scale, horizon)
        if not stage.servers:
            raise DidNotStart("; ".join(report.left_out.values()))
        yield stage


def _servers(variant: Variant, place: Place, options: Options, folder: Path) -> list[Server]:
    shared = place.shared() if variant.servers > 1 else None
    made = []
    for number in range(1, variant.servers + 1):
        name = f"{variant.name}-{number}"
        lines = settings(variant, place.read_url, shared or f"sqlite:///{name}-{_STATE}", options.scale)
        made.append(Server(name, folder, free_port(), lines, mapping(free_sql=options.free_sql)))
    return made


async def _start(servers: list[Server]) -> str | None:
    """Why they did not start, if so."""
    try:
        for server in servers:
            await server.start()
    except DidNotStart as reason:
        return str(reason).strip()
    return None


def _pollers(variant: Variant, servers: list[Server], scale: Scale, horizon: Horizon) -> list[Poller]:
    urls = [server.url for server in servers]
    return [
        Poller(
            variant=ask.name,
            delay=scale.real(ask.after),
            said=ask.said,
            urls=urls,
            horizon=horizon,
            gives_up=ask.gives_up,
        )
        for ask in variant.asks
    ]


def _errors(poller: Poller) -> list[str]:
    """What refused a poller, but for the waits that are meant to be."""
    found: Mapping[str, int] = poller.received.errors
    return [
        f"{poller.variant}, {poller.said}: {count} x {error}" for error, count in found.items() if "503" not in error
    ]


@asynccontextmanager
async def _client() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as client:
        yield client


def ratio(report: Report, one: str, other: str) -> float:
    """p99 freshness of a variant over another's, both at their first delay; nan where one was left out."""
    p99 = {variant: figures.p99 for variant, _, figures in reversed(report.lines)}
    return p99[one] / p99[other] if p99.get(other) and one in p99 else math.nan
