"""What a writer is going to do: pure dice, so that a seed tells it again.

A story is one or several transactions of one writer after each other, and the keys that it holds. Lengths are real
seconds; most transactions are short, some take as long as the tail.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random

from late.scale import Scale
from late.world import World

TAIL_SHARE = 0.03
QUEUE_SHARE = 0.02
QUEUE_SECONDS = 300.0
"""How long before the write an application's queue took its stamp, at most; seconds of the product."""


class Clock(Enum):
    """Where a stamp comes from."""

    STATEMENT = auto()
    """The database's clock when the row is written."""
    TRANSACTION = auto()
    """The database's clock when the transaction began."""
    APPLICATION = auto()
    """The application's clock, `seconds` before the write."""
    STORY = auto()
    """`seconds` after the story began, however late the row is written."""
    WHOLE = auto()
    """As STORY, cut to the second."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A clock, and its real seconds where it has any."""

    clock: Clock
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Write:
    """One row: `content` is its new version. An action's `key` is its session, and `kind` bet or win."""

    feed: str
    key: str
    content: str
    stamp: Stamp
    is_new: bool = False
    kind: str | None = None
    row: str = ""


class Savepoint(Enum):
    """What becomes of a step's rows before the transaction ends."""

    NONE = auto()
    KEPT = auto()
    UNDONE = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """Rows that are written after a pause, perhaps under a savepoint."""

    pause: float
    writes: tuple[Write, ...]
    savepoint: Savepoint = Savepoint.NONE


class Ending(Enum):
    """How a transaction ends."""

    COMMIT = auto()
    ROLLBACK = auto()
    TWO_PHASE = auto()


@dataclass(frozen=True, slots=True)
class Plan:
    """One transaction; `before` it and `after` its last step the writer pauses."""

    steps: tuple[Step, ...]
    after: float
    ending: Ending
    reads_first: bool = False
    before: float = 0.0


@dataclass(slots=True)
class Story:
    """Transactions of one writer after each other."""

    plans: list[Plan]
    keys: list[str] = field(default_factory=list)


class Dice:
    """Throws the stories of one writer."""

    def __init__(self, rng: Random, world: World, scale: Scale, *, tail: float, two_phase: bool, lag: float) -> None:
        """`tail` and `lag` (how far the writer's own clock is behind) are seconds of the product."""
        self._rng = rng
        self._world = world
        self._scale = scale
        self._tail = tail
        self._two_phase = two_phase
        self._lag = lag

    def story(self) -> Story:
        """The next story."""
        rng, story = self._rng, Story([])
        draw = rng.random()
        if draw < 0.03 and (key := self._world.take(rng, "flags")) is not None:  # noqa: PLR2004 - shares of a casino's day
            story.keys.append(key)
            return self._back_and_forth(story, key)
        if draw < 0.04:  # noqa: PLR2004 - as above
            story.plans.append(self._plan(self._import(), kept=0.9))
        else:
            story.plans.append(self._plan(self._everyday(story), kept=0.2))
        return story

    def length(self) -> float:
        """Real seconds of a transaction, statements aside."""
        draw, rng = self._rng.random(), self._rng
        if draw < TAIL_SHARE:
            return self._scale.real(10 * (self._tail / 10) ** rng.random())
        if draw < 0.2:  # noqa: PLR2004 - one in five works for seconds
            return self._scale.real(rng.uniform(0.3, 5))
        return self._scale.real(rng.uniform(0, 0.3))

    def stamp(self, *, queued: bool) -> Stamp:
        """Where a row's stamp comes from."""
        rng = self._rng
        if queued:
            return Stamp(Clock.APPLICATION, self._scale.real(rng.uniform(1, QUEUE_SECONDS)))
        draw = rng.random()
        if draw < 0.45:  # noqa: PLR2004 - nearly half of the tables have now() as a default
            return Stamp(Clock.STATEMENT)
        if draw < 0.65:  # noqa: PLR2004 - as above
            return Stamp(Clock.TRANSACTION)
        return Stamp(Clock.APPLICATION, self._scale.real(rng.uniform(0, 2) + self._lag))

    def _plan(self, groups: list[list[Write]], kept: float) -> Plan:
        rng, length = self._rng, self.length()
        reads_first = rng.random() < 0.1  # noqa: PLR2004 - reports that end with a note
        moments = sorted(rng.random() ** (0.2 if reads_first else 1) for _ in groups)
        steps, spent = [], 0.0
        for moment, writes in zip(moments, groups, strict=True):
            steps.append(Step(moment * length - spent, tuple(writes), self._savepoint(kept)))
            spent = moment * length
        ending = rng.choices(
            (Ending.COMMIT, Ending.ROLLBACK, Ending.TWO_PHASE), (0.9, 0.05, 0.05 if self._two_phase else 0)
        )[0]
        return Plan(tuple(steps), length - spent, ending, reads_first)

    def _savepoint(self, kept: float) -> Savepoint:
        shares = (0.95 - kept, kept, 0.05)
        return self._rng.choices((Savepoint.NONE, Savepoint.KEPT, Savepoint.UNDONE), shares)[0]

    def _everyday(self, story: Story) -> list[list[Write]]:
        """Groups of rows that one transaction of a casino writes."""
        rng = self._rng
        queued = rng.random() < QUEUE_SHARE
        kind = rng.choices(("deposit", "settle", "login", "play", "profile"), (25, 17, 24, 26, 8))[0]
        if kind == "deposit":
            groups = [[self._new("transactions", queued) for _ in range(rng.randint(1, 6))]]
        elif kind == "settle":
            groups = [self._changes(story, "transactions", rng.randint(1, 4), queued)]
        elif kind == "login":
            groups = [
                [self._new("logins", queued) for _ in range(rng.randint(1, 8))],
                self._changes(story, "players", 1, queued),
            ]
        elif kind == "play":
            groups = [[self._action(queued) for _ in range(rng.randint(1, 3))] for _ in range(rng.randint(1, 2))]
        else:
            groups = [
                [self._new("players", queued), self._new("wallets", queued)],
                self._changes(story, "players", 2, queued),
            ]
        if kind in {"deposit", "play", "settle"}:
            groups.insert(rng.randrange(len(groups) + 1), self._changes(story, "wallets", 1, queued))
        return groups

    def _import(self) -> list[list[Write]]:
        """A hundred rows by savepoints of their own: more subtransactions than a snapshot of PostgreSQL lists."""
        feed = self._rng.choice(("transactions", "logins"))
        queued = self._rng.random() < QUEUE_SHARE
        return [[self._new(feed, queued)] for _ in range(self._rng.randint(30, 100))]

    def _back_and_forth(self, story: Story, key: str) -> Story:
        """A row that turns to B and back to A (or on to B) within a second, committed window after window."""
        rng, width = self._rng, self._scale.window.total_seconds()
        clock = rng.choice((Clock.STORY, Clock.WHOLE))
        words = rng.choice(("BA", "BAB", "B"))
        for number, word in enumerate(words):
            write = Write("players", key, word, Stamp(clock, 0.2 * number - 0.6))
            pause = rng.choice((0.0, rng.uniform(0, 1.5 * width)))
            story.plans.append(Plan((Step(0.0, (write,)),), 0.0, Ending.COMMIT, before=pause))
        last = Write("players", key, "A", Stamp(clock, 0.2 * len(words) - 0.6))
        if words != "BA" and rng.random() < 0.5:  # noqa: PLR2004 - half of them end where they began
            story.plans.append(Plan((Step(0.0, (last,)),), 0.0, Ending.COMMIT, before=rng.uniform(0, width)))
        return story

    def _new(self, feed: str, queued: bool) -> Write:  # noqa: FBT001 - one of two ways to stamp
        number = self._world.number()
        key = f"{feed[0]}{number}"
        return Write(feed, key, self._version(feed), self.stamp(queued=queued), is_new=True, row=key)

    def _changes(self, story: Story, feed: str, count: int, queued: bool) -> list[Write]:  # noqa: FBT001 - as above
        writes = []
        for _ in range(count):
            if (key := self._world.take(self._rng, feed)) is None:
                break
            story.keys.append(key)
            writes.append(Write(feed, key, self._version(feed), self.stamp(queued=queued), row=key))
        return writes

    def _action(self, queued: bool) -> Write:  # noqa: FBT001 - as above
        rng = self._rng
        amount = f"{rng.randint(10, 9999) / 100:.2f}"
        session, kind = self._world.session(rng), rng.choice(("bet", "bet", "win"))
        row = f"a{self._world.number()}"
        return Write("game_activity", session, amount, self.stamp(queued=queued), is_new=True, kind=kind, row=row)

    def _version(self, feed: str) -> str:
        number = self._world.number()
        return f"{number}" if feed == "wallets" else f"v{number}"
