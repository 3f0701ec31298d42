"""Which keys exist, which of them an unfinished story holds, and what was committed when.

Writers never wait for each other's row locks: a key that one of them is about to change is not given to another.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from late import casino

_LOOKS = 6
_SKEW = 3
"""Keys near the front of a pool are changed far more often: they are the hot ones."""


class World:
    """The pools of keys. `pools` holds what is committed; `take` gives a key that nobody holds, if it finds one."""

    def __init__(self) -> None:
        self.pools: dict[str, list[str]] = defaultdict(list)
        self.open_sessions: list[str] = []
        self._held: set[str] = set()
        self._numbers = 0

    def number(self) -> int:
        """The next number: of a key, or of a version."""
        self._numbers += 1
        return self._numbers

    def take(self, rng: Random, pool: str) -> str | None:
        """A committed key of the pool, held from now on; None where all that were looked at are held."""
        keys = self.pools[pool]
        for _ in range(_LOOKS if keys else 0):
            key = keys[int(len(keys) * rng.random() ** _SKEW)]
            if key not in self._held:
                self._held.add(key)
                return key
        return None

    def release(self, keys: list[str]) -> None:
        """Lets others change these keys again."""
        self._held.difference_update(keys)

    def session(self, rng: Random) -> str:
        """A session that goes on, or a new one; several stories may write to one at the same time."""
        if len(self.open_sessions) < 40 or rng.random() < 0.1:  # noqa: PLR2004 - so many play at once
            self.open_sessions.append(f"s{self.number()}")
        place = rng.randrange(len(self.open_sessions))
        return self.open_sessions.pop(place) if rng.random() < 0.15 else self.open_sessions[place]  # noqa: PLR2004


@dataclass(slots=True)
class _Sums:
    bets: int = 0
    wins: int = 0
    bet: Decimal = Decimal()
    win: Decimal = Decimal()


@dataclass(slots=True)
class Book:
    """What was committed: when each content was (real seconds since the epoch), and how often."""

    moments: dict[tuple[str, str, str], float] = field(default_factory=dict)
    times: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    keys: set[tuple[str, str]] = field(default_factory=set)
    _sums: dict[str, _Sums] = field(default_factory=lambda: defaultdict(_Sums))

    def note(self, feed: str, key: str, content: str, at: float) -> None:
        """A version of a row was committed at that moment."""
        self.keys.add((feed, key))
        self.moments[feed, key, content] = at
        self.times[feed, key, content] += 1

    def note_action(self, session: str, kind: str, amount: str, at: float) -> None:
        """An action was committed: the session has a new content from then on."""
        sums = self._sums[session]
        if kind == "bet":
            sums.bets += 1
            sums.bet += Decimal(amount)
        else:
            sums.wins += 1
            sums.win += Decimal(amount)
        self.actions[session] += 1
        self.note("game_activity", session, casino.session(sums.bets, sums.wins, sums.bet, sums.win), at)
