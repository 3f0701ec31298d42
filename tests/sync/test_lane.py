"""A lane on a virtual clock that no two looks find at the same moment, with timers that fire a little early."""

import asyncio
import itertools
import random
import selectors
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.errors import ContractError, LostTurnError
from halfopen.sinks.base import Applied, Progress
from halfopen.sync import backoff, breaker, spread
from halfopen.sync.breaker import PATIENCE, Breaker
from halfopen.sync.events import Answered, Asked, Event, Events, Failed
from halfopen.sync.fetched import Fetched
from halfopen.sync.lane import Lane
from halfopen.sync.planner import LIVE
from halfopen.sync.refusal import Refusal
from halfopen.sync.surroundings import Surroundings
from halfopen.window.arming import Evidence
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import DEFAULT
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NOTHING = Progress(committed=Coverage(), reread={}, holes=(), started=NOON)
FEED = feeds()["players"]
MANY = 6500
NEVER = Window(NOON, NOON)
SECRET = "s3cretPassw0rd"
ON_TIME = timedelta(milliseconds=100)
LONGEST_RETRY = backoff.MOST + breaker.MOST + 10 * SECOND


class BentLoop(asyncio.SelectorEventLoop):
    """Waits in no time. Each look at `clock` takes up to 0.4 ms, and timers fire up to 2 ms early, as real ones may."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.passed = 0.0
        super().__init__(_NoWait(self))

    def time(self) -> float:
        return self.passed

    def clock(self) -> datetime:
        self.passed += self.dice.random() * 0.0004
        return NOON + timedelta(seconds=self.passed)

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        return super().call_at(max(when - self.dice.random() * 0.002, self.passed), callback, *args, context=context)

    def run_in_executor(self, _executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """At once: a thread takes real time."""
        done = self.create_future()
        done.set_result(func(*args))
        return done


class _NoWait(selectors.DefaultSelector):
    """Lets the time of a loop pass in the place of waiting."""

    def __init__(self, loop: BentLoop) -> None:
        super().__init__()
        self.loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen"
        self.loop.passed += max(timeout, 0)
        return super().select(0)


class Echoing:
    """Hides its secret, as a product's client does."""

    def hidden(self, text: str) -> str:
        return text.replace(SECRET, "***")


class Client(Echoing):
    """Answers after a while, or refuses while the product is down."""

    def __init__(self, loop: BentLoop, down: Window) -> None:
        self.breaker = Breaker()
        self.loop = loop
        self.down = down

    async def fetch(self, _feed: str, _window: Window, body: Path, _most: int | None) -> Fetched:
        asked = self.loop.clock()
        await asyncio.sleep(self.loop.dice.expovariate(2))
        now = self.loop.clock()
        if self.down.contains(now):
            refusal = Refusal("answered 503", status=503)
            self.breaker.refused(refusal, now, self.loop.dice.random())
            raise refusal
        self.breaker.answered()
        return Fetched(
            body=body, format=Format.CSV, size=0, digest="", server_date=None, asked_at=asked, fetched_at=now, notes=()
        )


@dataclass
class Answering(Echoing):
    """Answers all but some: those to windows that are longer than `above`, as many times as `times`."""

    refusal: Exception
    above: timedelta = timedelta(0)
    times: int = 10**6
    loop: Any = None
    breaker: Breaker = field(default_factory=Breaker)

    async def fetch(self, _feed: str, window: Window, body: Path, _most: int | None) -> Fetched:
        now = self.loop.clock()
        await asyncio.sleep(0.01)
        if window.length > self.above and self.times:
            self.times -= 1
            if isinstance(self.refusal, Refusal):
                self.breaker.refused(self.refusal, now, 0.5)
            raise self.refusal
        self.breaker.answered()
        return Fetched(body=body, format=Format.CSV, size=0, digest="", server_date=None, asked_at=now, fetched_at=now)


class Store:
    """A mirror and an archive that take a while."""

    def __init__(self, loop: BentLoop) -> None:
        self.loop = loop

    async def apply(self, _answer: object) -> Applied:
        await asyncio.sleep(self.loop.dice.random() * 2)
        return Applied(rows=0, changed=0, late=0, quarantined=0, findings=0)

    async def call(self, _function: object) -> None:
        await asyncio.sleep(0.01)

    async def first(self, *_: object) -> Evidence:
        return Evidence()

    again = first


def pulled(seed: int, cadence: timedelta, length: timedelta, down: Window = NEVER, *, lanes: int = 1) -> list[Event]:
    """What a lane, one of so many, tells while it is pulled for `length`."""
    loop = BentLoop(random.Random(seed))
    product = ProductConfig(name="p", url="http://p", cadence=cadence, ladder=DEFAULT)
    return ran(loop, lambda around: _pull(product, Client(loop, down), around, length), lanes)


def passed(seed: int, client: Answering) -> list[Event]:
    """What a lane tells of a single pass over the two days before noon."""
    client.loop = loop = BentLoop(random.Random(seed))
    product = ProductConfig(name="p", url="http://p", cadence=MINUTE, ladder=DEFAULT, since=NOON - timedelta(days=2))
    return ran(loop, lambda around: Lane(product, FEED, client, NOTHING, around).pass_once())  # type: ignore[arg-type]


def ran(loop: BentLoop, work: Callable[[Surroundings], Coroutine[Any, Any, None]], lanes: int = 1) -> list[Event]:
    heard: list[Event] = []
    events = Events()
    events.listen(heard.append)
    store: Any = Store(loop)
    around = Surroundings(
        writer=store,
        archive=store,
        rereads=store,
        events=events,
        clock=loop.clock,
        dice=loop.dice,
        seq=itertools.count(),
        spool=Path("/nowhere"),
        lanes=lanes,
    )
    try:
        loop.run_until_complete(work(around))
    finally:
        loop.close()
    return heard


async def _pull(product: ProductConfig, client: Any, around: Surroundings, length: timedelta) -> None:
    lane = Lane(product, FEED, client, NOTHING, around)
    lane.owe(LIVE)
    lane.start()
    await asyncio.sleep(length.total_seconds())
    lane.raise_failure()
    await lane.stop()


def first_asks(heard: list[Event]) -> Iterator[Asked]:
    return (event for event in heard if isinstance(event, Asked) and event.rung == 0)


@pytest.fixture
def seed() -> int:
    found = random.SystemRandom().randrange(10**9)
    sys.stdout.write(f"seed {found}\n")
    return found


@pytest.mark.parametrize("lanes", [1, MANY])
def test_every_window_is_asked_as_it_ends(seed: int, lanes: int) -> None:
    phase = spread.phase("p", lanes, MINUTE)
    assert bool(phase) == (lanes == MANY)
    heard = pulled(seed, MINUTE, 2000 * MINUTE, lanes=lanes)
    asks = list(first_asks(heard))[1:]
    assert [ask.start for ask in asks] == [asks[0].start + n * MINUTE for n in range(len(asks))]
    assert asks[0].start <= NOON + MINUTE + phase
    assert len(asks) >= 1998
    late = {str(ask.window()): ask.at - ask.end for ask in asks if ask.at - ask.end > ON_TIME}
    assert not late, "its lane was asleep, or had something else on its way"


def test_a_product_that_is_back_is_asked_when_its_time_has_come(seed: int) -> None:
    back = NOON + 30 * MINUTE
    for number in range(seed, seed + 60):
        heard = pulled(number, 20 * MINUTE, 35 * MINUTE, Window(NOON, back))
        assert sum(isinstance(event, Failed) for event in heard) >= PATIENCE, (
            f"seed {number}: it has slept over a retry"
        )
        answered = next((event for event in heard if isinstance(event, Answered)), None)
        assert answered is not None, f"seed {number}: nobody asks whether it is back"
        assert answered.at - back < LONGEST_RETRY, f"seed {number}"


@pytest.mark.parametrize("status", [503, 400])
def test_a_single_pass_leaves_a_product_in_peace_that_refuses_everything(seed: int, status: int) -> None:
    heard = passed(seed, Answering(refusal=Refusal("no", status=status, narrower=True)))
    failed = [event for event in heard if isinstance(event, Failed)]
    assert len(failed) <= PATIENCE + 1, "two days are owed, and would be as many holes as minutes"
    assert all(event.end - event.start >= MINUTE for event in failed)


def test_a_single_pass_goes_on_where_narrower_windows_are_answered(seed: int) -> None:
    refusal = Refusal("too wide", status=400, narrower=True)
    heard = passed(seed, Answering(refusal=refusal, above=10 * MINUTE))
    answered = [event for event in heard if isinstance(event, Answered)]
    assert sum((event.end - event.start for event in answered), timedelta(0)) > timedelta(hours=24)


def test_a_mistake_of_ours_is_a_hole_and_the_lane_goes_on(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    heard = passed(seed, Answering(refusal=KeyError("a secret"), times=2))
    failed = [event for event in heard if isinstance(event, Failed)]
    assert len(failed) == 2
    assert "KeyError, which is a mistake of halfopen's" in failed[0].error
    assert "secret" not in failed[0].error
    assert sum(isinstance(event, Answered) for event in heard) > 2
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert all(record.exc_info for record in caplog.records)


def test_what_a_product_echoes_of_a_secret_is_in_no_hole(seed: int) -> None:
    heard = passed(seed, Answering(refusal=ContractError(f"no column 'id' in 'a, {SECRET}'"), times=1))
    (failed,) = [event for event in heard if isinstance(event, Failed)]
    assert failed.error == "no column 'id' in 'a, ***'"


def test_a_lost_turn_ends_it(seed: int) -> None:
    with pytest.raises(LostTurnError):
        passed(seed, Answering(refusal=LostTurnError("another process has it")))
