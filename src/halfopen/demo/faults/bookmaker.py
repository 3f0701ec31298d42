"""The sportsbook of the zoo's casino: tournaments, events that go live and end, bets and their legs."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from halfopen.demo.faults import cast
from halfopen.demo.faults.rows import HOUR, SECOND, moment

if TYPE_CHECKING:
    from halfopen.demo.faults.house import House, Player
    from halfopen.demo.faults.world import World

OPENING_EVENTS = 60
COURSE = ("prematch", "live", "suspended", "live", "ended", "closed")
"""What becomes of an event, change by change."""


class Bookmaker:
    """Bets are taken on events of tournaments that exist, and settled later: the legs first, then the bet."""

    def __init__(self, world: "World", house: "House") -> None:
        self.world = world
        self.rng = world.rng
        self.house = house
        self.tournaments: list[str] = []
        self.events: dict[str, int] = {}
        for _ in range(16):
            self.found_tournament()
        for _ in range(OPENING_EVENTS):
            self.plan_event()

    def acts(self) -> Mapping[Callable[[], None], int]:
        """Deeds and how often they are done, in hundredths of all deeds."""
        return {self.bet: 9, self.move_event: 5, self.plan_event: 2, self.found_tournament: 1}

    def found_tournament(self) -> None:
        """A tournament of the coming week."""
        code, sport = self.rng.choice(cast.SPORTS)
        key = f"{code}-cup-{len(self.tournaments) + 1}"
        self.tournaments.append(key)
        begins = self.world.now + self.rng.randrange(24) * HOUR
        self.world.record(
            "sports_tournaments",
            key,
            name=f"{sport} Cup {len(self.tournaments)}",
            sport_id=code,
            sport_name=sport,
            country_code=self.rng.choice(("International", "LV", "BR")),
            start_date=moment(begins),
            end_date=moment(begins + 7 * 24 * HOUR),
        )

    def plan_event(self) -> None:
        """A match of one of the latest tournaments."""
        home, guest = self.rng.sample(cast.TEAMS, 2)
        key = f"match-{self.world.name()}"
        self.events[key] = 0
        self.world.record(
            "sports_events",
            key,
            tournament_id=self.rng.choice(self.tournaments[-12:]),
            title=f"{home} - {guest}",
            status="not_started",
            start_date=moment(self.world.now + HOUR),
            type="match",
        )

    def move_event(self) -> None:
        """An event goes on; one that is closed is forgotten."""
        key = self.rng.choice(list(self.events)[:30])
        self.world.record("sports_events", key, status=COURSE[self.events[key]])
        self.events[key] += 1
        if self.events[key] == len(COURSE):
            del self.events[key]
            self.plan_event()

    def bet(self) -> None:
        """A bet with one leg or more; settled after some minutes."""
        rng, player = self.rng, self.house.anybody()
        key, stake = self.world.name("bet-"), self.house.amount(player, 40)
        picked = rng.sample(list(self.events), rng.choice((1, 1, 2, 3)))
        self.world.record(
            "sports_bets",
            key,
            player_id=player.key,
            status="accepted",
            type="single" if len(picked) == 1 else "express",
            stake=stake,
            win_amount=None,
            currency=player.currency,
            **player.sources,
        )
        legs = [self.world.name("leg-") for _ in picked]
        for leg, event in zip(legs, picked, strict=True):
            ratio = Decimal(rng.randrange(101, 900)).scaleb(-2)
            words = {"event_id": event, "ratio": ratio, "status": "running", "market": rng.choice(cast.MARKETS)}
            self.world.record("sports_odds", leg, bet_id=key, **words)
        self.house.pocket(player, -stake)
        wait = rng.uniform(20, 900) * SECOND
        won = rng.random() < 0.4  # noqa: PLR2004 - a share
        self.world.after(wait, lambda: self._result(legs, won=won))
        self.world.after(wait + rng.uniform(0.2, 20) * SECOND, lambda: self._settle(player, key, stake, won=won))

    def _result(self, legs: list[str], *, won: bool) -> None:
        for leg in legs:
            self.world.record("sports_odds", leg, status="win" if won else "lost")

    def _settle(self, player: "Player", key: str, stake: Decimal, *, won: bool) -> None:
        win = stake * 2 if won else Decimal(0)
        self.world.record("sports_bets", key, status="win" if won else "lost", win_amount=win)
        if won:
            self.house.pocket(player, win)
