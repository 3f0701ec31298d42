"""Does a mirror equal the truth after a product has lied, failed, been late and been away, and sync has been killed?

    .venv/bin/python bench/sync_faults.py [--seeds 1-10] [--sink duckdb|postgresql] [--at-once 2] [--seconds 48]

A product over a truth in memory, on a real socket: 4 feeds, rows all the time, 5 % of them to be seen up to 8 s late,
20 % of its answers wrong in one of the ways of `tests/support/faulty.py`, and nobody there for 30 s in the middle.
`halfopen sync` runs as a process of its own at a cadence of two seconds and is killed with SIGKILL three times: before,
during and after the outage. The product stays as bad as it is until the ladder has read everything twice. Then the
mirror is compared with the truth, row by row, column by column. Ends with 1 where a seed found a difference, or no
late row: on a machine that is too busy to ask in time nothing is late, and nothing is shown.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from _pytest.outcomes import OutcomeException

from halfopen.config.load import load
from halfopen.config.urls import database_url
from halfopen.errors import HalfopenError
from halfopen.sync import owner, talk
from halfopen.sync.mirror import open_sink
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window, floor
from halfopen.wire import moment
from support import postgresql
from support.casino_rows import FEEDS, Scribe, truths
from support.faulty import BAD, ODD, SLOW, Fault, FaultyProduct
from support.halfopen_process import running

SECOND = timedelta(seconds=1)
LATE, WRONG, BROKEN_ROWS = 0.05, 0.2, 0.02
OUTAGE_SECONDS = 30.0
# The wait for the last rung, holes included; a machine that is busy gets more than it should need.
PATIENCE_SECONDS = 240.0
_HOLE = -1
_READ = (
    "select feed, pass, window_start, window_end from halfopen.ledger where state = 'committed'"
    f" union all select feed, {_HOLE}, window_start, window_end from halfopen.holes"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When what happens, in seconds from the start: the outage, kills, the last row.

    latest: how many seconds after its stamp a late row can be seen, at most; the last rung must come after it.
    """

    outage: tuple[float, float]
    kills: tuple[float, ...]
    seconds: float
    hangs: bool = True
    cadence: str = "2s"
    ladder: str = '[ { span = "10s", after = "2s" }, { span = "20s", after = "10s" } ]'
    latest: float = 8.0

    @classmethod
    def of(cls, seed: int, seconds: float, outage: float = OUTAGE_SECONDS) -> "Plan":
        """The outage in the middle; kills before, during and after it."""
        dice = random.Random(f"plan {seed}")
        begin = (seconds - outage) / 2
        end = begin + outage
        kills = (dice.uniform(begin / 3, begin), dice.uniform(begin, end), dice.uniform(end, seconds))
        return cls(outage=(begin, end), kills=kills, seconds=seconds)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How one seed ended: differences between mirror and truth, what was in the way, and how long it took.

    said: the last lines of sync.
    """

    seed: int
    rows: int = 0
    late: int = 0
    kills: int = 0
    drawn: Counter[Fault] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def line(self) -> str:
        """One line for people."""
        wrong = sum(self.drawn[fault] for fault in (*BAD, *SLOW))
        kinds = sum(1 for fault in (*BAD, *SLOW) if self.drawn[fault])
        counts = [sum(word in text for text in self.differences) for word in ("missing", " is not ", "rows, ", "extra")]
        missing, stale, doubled, extra = counts
        return (
            f"seed {self.seed}: {self.rows:,} rows, {self.late} found late, {wrong} of {self.drawn.total()} answers"
            f" wrong in {kinds} ways, {self.kills} kills: {missing} missing, {stale} stale, {doubled} doubled,"
            f" {extra} extra, {len(self.differences) - sum(counts)} otherwise, {self.seconds:.0f} s"
        )


class Weather:
    """Draws a fault for each request."""

    def __init__(self, dice: random.Random, plan: Plan) -> None:
        self.dice = dice
        self.bad = [*BAD, *SLOW] if plan.hangs else BAD

    def __call__(self, _number: int, _feed: str) -> Fault:
        """One in five is wrong; of the others one in three is unusual."""
        if self.dice.random() < WRONG:
            return self.dice.choice(self.bad)
        return self.dice.choice(ODD) if self.dice.random() < 1 / 3 else Fault.NONE


class Fleeting(FaultyProduct):
    """A product that can be away: then nobody listens at its address."""

    async def go(self) -> None:
        """Nobody there, and nobody answers on connections that were open."""
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()

    async def come_back(self) -> None:
        """At the same address."""
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)


class Trial:
    """One seed in one folder, against one mirror."""

    def __init__(self, seed: int, plan: Plan, folder: Path, mirror: str) -> None:
        self.plan = plan
        self.folder = folder
        self.mirror = mirror
        self.scribe = Scribe(truths(), random.Random(f"rows {seed}"))
        self.weather = Weather(random.Random(f"weather {seed}"), plan)
        self.outcome = Outcome(seed=seed)
        # The first rows are stamped up to half a second before they are written.
        self.begin = floor(now(), SECOND) - SECOND
        self.log = b""
        self._started = time.monotonic()
        self._writing: asyncio.Task[None] | None = None

    async def run(self) -> Outcome:
        """Live through it, then compare."""
        async with Fleeting(self.scribe.truths.values(), self.weather) as product:
            product.dice = random.Random(f"cuts {self.outcome.seed}")
            self._configure(product.url)
            async with asyncio.TaskGroup() as group:
                self._writing = group.create_task(self._write())
                group.create_task(self._outage(product))
                group.create_task(self._sync())
            self.outcome.drawn = product.drawn
        await asyncio.to_thread(self._judge)
        self.outcome.seconds = self._passed()
        return self.outcome

    async def _write(self) -> None:
        while self._passed() < self.plan.seconds:
            self.scribe.write(now(), 2, late=LATE, bad=BROKEN_ROWS, latest=self.plan.latest)
            self.outcome.rows += 2 * len(FEEDS)
            await asyncio.sleep(0.1)

    async def _outage(self, product: Fleeting) -> None:
        await self._until(self.plan.outage[0])
        await product.go()
        await self._until(self.plan.outage[1])
        await product.come_back()

    async def _sync(self) -> None:
        """Runs until each kill, and at last until nothing is owed."""
        for kill in self.plan.kills:
            async with self._process() as process:
                await self._until(kill)
                if process.returncode is None:
                    process.kill()
                    await process.wait()
                    self.outcome.kills += 1
                else:
                    self.outcome.differences.append(f"sync ended by itself with {process.returncode}")
        async with self._process() as process:
            await self._until(self.plan.seconds)
            whole = Window(self.begin, floor(now(), SECOND) + SECOND)
            # Rows that are late become visible first; what is asked before that proves nothing.
            await asyncio.sleep(self.plan.latest)
            if not await self._has_read(whole, process):
                self.outcome.differences.append(f"not whole after {PATIENCE_SECONDS:g} s more")

    async def _has_read(self, whole: Window, process: asyncio.subprocess.Process) -> bool:
        """Whether in the end the last rung has read all of it, and no hole is left."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if process.returncode is not None:
                self.outcome.differences.append(f"sync ended by itself with {process.returncode}")
                return False
            if await self._owes_nothing(whole):
                return True
            await asyncio.sleep(1)
        return False

    async def _owes_nothing(self, whole: Window) -> bool:
        """Asked of sync itself: whoever opens the file in its place keeps it from starting."""
        mirror = load(self.folder / "halfopen.toml", sections=("mirror", "products")).needed_mirror().sink
        place = talk.socket_path(mirror.path) if mirror.path is not None else talk.named_socket(mirror.shown)
        try:
            if (asked := await owner.connect(place)) is None:
                return False
            _, lines = await asked.query(_READ)
            await asked.close()
        except (HalfopenError, OSError):
            return False
        covered: dict[tuple[str, int], list[Window]] = {}
        for feed, rung, start, end in lines:
            covered.setdefault((feed, int(rung)), []).append(Window(aware(start), aware(end)))
        return not any(rung == _HOLE for _, rung in covered) and all(
            Coverage.of(covered.get((feed, rung), [])).covers(whole) for feed in FEEDS for rung in (0, 2)
        )

    @contextlib.asynccontextmanager
    async def _process(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """`halfopen sync`, with what it says read all the time: a full pipe would stop it."""
        async with running("sync", folder=self.folder) as process:
            reading = [asyncio.ensure_future(pipe.read()) for pipe in (process.stdout, process.stderr) if pipe]
            try:
                yield process
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
                self.log += b"".join(await asyncio.gather(*reading))

    def _judge(self) -> None:
        sink = open_sink(database_url(self.mirror, self.folder), reads_only=True)
        sink.open()
        try:
            self.outcome.differences += self.scribe.differences(sink, now())
            _, late = sink.query("select count(*) from halfopen.late_rows")
            self.outcome.late = int(late[0][0])
            _, held = sink.query("select distinct key from halfopen.quarantine where state <> 'superseded'")
            if {key for (key,) in held} != self.scribe.bad:
                wrong = {key for (key,) in held} ^ self.scribe.bad
                self.outcome.differences.append(f"quarantine differs in {sorted(map(str, wrong))[:5]}")
        finally:
            sink.close()
        self.outcome.said = self.log.decode(errors="replace").splitlines()[-12:]
        if b"Traceback" in self.log:
            at = self.log.index(b"Traceback")
            self.outcome.differences.append(f"a traceback: {self.log[at : at + 2000].decode(errors='replace')}")

    def _configure(self, url: str) -> None:
        text = f"""
            [mirror]
            database = {json.dumps(self.mirror)}
            [products.casino]
            url = "{url}"
            feeds = {json.dumps(FEEDS)}
            cadence = "{self.plan.cadence}"
            since = "{moment.plain(self.begin)}"
            ladder = {self.plan.ladder}
        """
        (self.folder / "halfopen.toml").write_text(text, encoding="utf-8")

    def _passed(self) -> float:
        return time.monotonic() - self._started

    async def _until(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds - self._passed(), 0))


def now() -> datetime:
    """The time as an aware UTC datetime."""
    return datetime.now(UTC)


def aware(moment_: datetime | str) -> datetime:
    """A moment of the mirror; as text where it came over the socket."""
    found = datetime.fromisoformat(moment_) if isinstance(moment_, str) else moment_
    return found.replace(tzinfo=UTC)


@contextlib.contextmanager
def mirror_of(sink: str) -> Iterator[str]:
    """Address of a new mirror."""
    if sink == "duckdb":
        yield "duckdb:///mirror.duckdb"
        return
    with postgresql.database() as url:
        yield url


async def trial(seed: int, plan: Plan, sink: str) -> Outcome:
    """One seed from beginning to end, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="halfopen-faults-") as folder, mirror_of(sink) as mirror:
        return await Trial(seed, plan, Path(folder), mirror).run()


async def trials(seeds: list[int], plan_of: Callable[[int], Plan], sink: str, at_once: int) -> list[Outcome]:
    """All seeds, some at once; each line is printed when it is there."""
    places = asyncio.Semaphore(at_once)

    async def one(seed: int) -> Outcome:
        async with places:
            outcome = await trial(seed, plan_of(seed), sink)
            print(outcome.line, flush=True)
            return outcome

    return list(await asyncio.gather(*(one(seed) for seed in seeds)))


def main() -> int:
    """Run the seeds and print what is left."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seeds", default="1-10", help="like 3, 1-10 or 2,4,6-8")
    words.add_argument("--sink", choices=("duckdb", "postgresql"), default="duckdb")
    words.add_argument("--at-once", type=int, default=2)
    words.add_argument("--seconds", type=float, default=48, help="of writing")
    chosen = words.parse_args()
    spans = [span.partition("-") for span in chosen.seeds.split(",")]
    seeds = [seed for first, _, last in spans for seed in range(int(first), int(last or first) + 1)]
    print(f"seeds {chosen.seeds}, {chosen.sink}", flush=True)
    try:
        outcomes = asyncio.run(trials(seeds, lambda seed: Plan.of(seed, chosen.seconds), chosen.sink, chosen.at_once))
    except OutcomeException as error:
        print(error)
        return 3
    bad = [outcome for outcome in outcomes if outcome.differences]
    for outcome in bad:
        print(f"seed {outcome.seed}:", *outcome.differences[:10], "sync said at last:", *outcome.said, sep="\n    ")
    print(f"{len(outcomes) - len(bad)} of {len(outcomes)} mirrors equal the truth")
    if idle := [outcome.seed for outcome in outcomes if not outcome.late]:
        print(f"nothing was late for seeds {idle}: this machine is too busy to pull live; fewer --at-once")
    return 1 if bad or idle else 0


if __name__ == "__main__":
    sys.exit(main())
