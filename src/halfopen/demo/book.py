"""The sportsbook: tournaments, their fixtures from not started to closed, and bets on them until they are settled."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from halfopen.demo import names
from halfopen.demo.hall import SECOND, Hall, Life, around, chance, moment
from halfopen.demo.money import amount, spread
from halfopen.demo.person import Person, pick
from halfopen.demo.records import Bet, Fixture, Leg, Tournament

OPEN_FIXTURES = 4
"""Of each tournament at a time."""
OUTCOMES = ("win", "lost", "lost", "win", "lost", "half_win", "half_loss", "refunded", "cancelled", "rejected")
PAYS = {"win": 1.0, "half_win": 0.75, "refunded": 0.5, "cancelled": 0.5}


@dataclass(slots=True)
class Match:
    """A fixture that can be bet on: `ends` in microseconds, also of one that will be put off."""

    id: str
    tournament_id: str
    title: str
    starts: datetime
    ends: int
    kind: str

    def tell(self, hall: Hall, status: str) -> None:
        """Tell the fixture in that status."""
        hall.tell(
            Fixture(
                hall.at,
                id=self.id,
                tournament_id=self.tournament_id,
                title=self.title,
                status=status,
                start_date=self.starts,
                kind=self.kind,
            )
        )


class Book:
    """What is open for bets now."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.open: list[Match] = []

    def season(self, number: int, edition: int = 1) -> Life:
        """A tournament: its fixtures, one after the other; when it is over, its next edition begins."""
        hall, rng = self.hall, self.hall.random("tournament", number, edition)
        sport, sport_name, country, title, teams = names.SPORTS[number]
        key = f"{sport}-{edition}"
        length = 3 * 86_400 * (0.5 + rng.random())
        last = hall.wait(length)
        over = None if number == 1 else moment(last // SECOND * SECOND)

        def tell(name: str) -> None:
            hall.tell(
                Tournament(
                    begun,
                    id=key,
                    name=name,
                    sport_id=sport,
                    sport_name=sport_name,
                    country_code=country,
                    start_date=starts,
                    end_date=over,
                )
            )

        begun = starts = hall.at
        tell(f"{title} {edition}")
        for slot in range(OPEN_FIXTURES):
            hall.spawn(self._slot(key, teams, (number, edition, slot), last), hall.wait(slot * 20))
        yield hall.edge(1800 + 3600 * rng.random())
        begun = hall.at
        tell(f"{title} {edition} · sponsored")
        yield hall.until(last)
        hall.spawn(self.season(number, edition + 1), hall.edge(300))

    def _slot(self, tournament: str, teams: tuple[str, ...], place: tuple[int, int, int], last: int) -> Life:
        hall, rng = self.hall, self.hall.random("slot", *place)
        number = 0
        while hall.now < last:
            number += 1
            kind = "outright" if chance(rng, 5) else "match"
            title = f"Winner of {tournament}" if kind == "outright" else " - ".join(rng.sample(teams, 2))
            starts = hall.edge(600 + 2400 * rng.random())
            ends = starts + hall.wait(1500 + 1500 * rng.random()) - hall.now
            match = Match(f"{tournament}.{place[2]}.{number}", tournament, title, moment(starts), ends, kind)
            yield from self._match(match, rng, starts)
            yield hall.wait(around(rng, 300))

    def _match(self, match: Match, rng: Random, starts: int) -> Life:
        hall = self.hall
        self.open.append(match)
        match.tell(hall, "not_started")
        yield hall.wait(30 + 120 * rng.random())
        match.tell(hall, "prematch")
        if chance(rng, 10):  # one in ten is put off
            yield hall.until(starts - hall.edge_micros)
            match.starts += timedelta(microseconds=hall.edge_micros * 5)
            match.ends += hall.edge_micros * 5
            starts += hall.edge_micros * 5
            match.tell(hall, "delayed")
        yield hall.until(starts)
        if chance(rng, 3):  # a few never begin
            self.open.remove(match)
            match.tell(hall, "cancelled")
            return
        match.tell(hall, "live")
        if chance(rng, 30):  # a third is interrupted
            yield hall.wait(200 + 200 * rng.random())
            match.tell(hall, "suspended")
            yield hall.wait(60)
            match.tell(hall, "live")
        self.open.remove(match)
        yield hall.until(match.ends)
        match.tell(hall, "ended" if chance(rng, 97) else "abandoned")  # a few are broken off
        yield hall.wait(300)
        match.tell(hall, "closed")

    def bet(self, who: Person) -> Life:
        """Place a bet of one to four legs; its settlement is a life of its own. Seconds at most."""
        hall, rng = self.hall, who.rng
        purse = who.purse
        count = 1 if chance(rng, 60) else 2 + int(rng.random() * 3)  # six of ten are singles
        stake = spread(purse.currency.stake, 1 + 4 * rng.random(), purse.currency)
        if len(self.open) < count or stake > purse.units:
            return
        slip = Slip(hall, who, rng.sample(self.open, count), stake)
        slip.tell(hall, "created")
        slip.tell_legs(hall, ["not_resulted"] * count)
        yield hall.wait(0.1 + 0.8 * rng.random())
        if chance(rng, 3):  # the trader says no
            slip.tell(hall, pick(rng, ("declined", "force_decline", "place_error")))
            return
        slip.tell(hall, "accepted" if chance(rng, 90) else "arbitrage_accepted")  # sharp ones
        purse.put(hall, -stake)
        hall.spawn(slip.settle(hall), hall.until(max(match.ends for match in slip.matches) + SECOND + slip.jitter))


class Slip:
    """A bet on its way from acceptance to settlement, and back."""

    def __init__(self, hall: Hall, who: Person, matches: list[Match], stake: int) -> None:
        rng = who.rng
        self.who, self.matches, self.stake = who, matches, stake
        self.id = who.fresh("")
        self.kind = "single" if len(matches) == 1 else "combined"
        self.created_at = hall.at
        self.ratios = [101 + int(400 * rng.random() ** 2) for _ in matches]
        self.markets = [pick(rng, names.MARKETS) for _ in matches]
        self.jitter = int(rng.random() * 60 * SECOND / hall.pace)
        self.won = 0

    def settle(self, hall: Hall) -> Life:
        """The legs first, then the bet; one in fifty is taken back and comes out the other way."""
        who, rng = self.who, self.who.rng
        outcomes = [pick(rng, OUTCOMES) for _ in self.matches]
        self.tell_legs(hall, outcomes)
        yield hall.wait(0.5 + 10 * rng.random())
        share = self.stake * 100
        for ratio, outcome in zip(self.ratios, outcomes, strict=True):
            share = int(share * PAYS.get(outcome, 0) * ratio / 100) if outcome in PAYS else 0
        self.won = min(share // 100, 10**12)
        if self.won and chance(rng, 10):  # some take the money early
            self.won = self.won * 9 // 10
            self.tell(hall, "cashout")
        else:
            self.tell(hall, "win" if self.won else "lost")
        if self.won:
            who.purse.put(hall, self.won)
            if chance(rng, 4):  # a wrong result, taken back
                yield hall.wait(around(rng, 600))
                taken, self.won = self.won, 0
                self.tell(hall, "unsettled")
                who.purse.put(hall, -taken)
                yield hall.wait(around(rng, 300))
                self.tell(hall, "lost")

    def tell(self, hall: Hall, status: str) -> None:
        """Tell the bet in that status."""
        currency = self.who.purse.currency
        settled = status in {"win", "lost", "cashout"}
        hall.tell(
            Bet(
                hall.at,
                id=self.id,
                player_id=self.who.id,
                status=status,
                kind=self.kind,
                stake=amount(self.stake, currency),
                win_amount=amount(self.won, currency) if settled else None,
                currency=currency.code,
                created_at=self.created_at,
                origin=self.who.origin,
            )
        )

    def tell_legs(self, hall: Hall, statuses: list[str]) -> None:
        """Tell every leg."""
        for number, (match, status) in enumerate(zip(self.matches, statuses, strict=True)):
            hall.tell(
                Leg(
                    hall.at,
                    id=f"{self.id}.{number}",
                    bet_id=self.id,
                    fixture_id=match.id,
                    ratio=Decimal(f"{self.ratios[number]}E-2"),
                    status=status,
                    market=self.markets[number],
                    created_at=self.created_at,
                )
            )
