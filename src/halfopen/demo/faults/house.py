"""Players, their wallets and what they do in the casino: sign in, pay, play, get bonuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from halfopen.demo.faults import cast
from halfopen.demo.faults.rows import HOUR, SECOND, Action, Session, moment

if TYPE_CHECKING:
    from halfopen.demo.faults.world import World

OPENING_PLAYERS = 150
SAME_SESSION = 0.85


@dataclass(slots=True, eq=False)
class Player:
    """What the house remembers of a player."""

    key: str
    wallet: str
    currency: str
    digits: int
    balance: Decimal
    ip: str
    agent: str
    sources: dict[str, object]
    session: Session | None = None


class House:
    """The casino; every deed is one method, picked by weight."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.rng = world.rng
        self.players: list[Player] = []
        self.bonuses: list[str] = []
        self.assignments: list[str] = []
        for name in cast.BONUSES:
            self.bonuses.append(world.name("bonus-"))
            world.record("bonus_list", self.bonuses[-1], name=name)
        for _ in range(OPENING_PLAYERS):
            world.after(self.rng.randrange(1, 1200) * SECOND, self.arrive)
        self.arrive()

    def acts(self) -> Mapping[Callable[[], None], int]:
        """Deeds and how often they are done, in hundredths of all deeds."""
        return {
            self.sign_in: 26,
            self.pay: 20,
            self.play: 26,
            self.change_profile: 6,
            self.change_contacts: 5,
            self.arrive: 2,
            self.give_bonus: 4,
            self.use_bonus: 3,
            self.edit_bonus: 1,
        }

    def anybody(self) -> Player:
        """Some come far more often than others."""
        return self.players[int(len(self.players) * self.rng.random() ** 2.5)]

    def arrive(self) -> None:
        """A new player with contacts, a wallet and a token."""
        rng, world = self.rng, self.world
        country, city, locale, zone, code = rng.choice(cast.PLACES)
        currency, digits = rng.choice(cast.CURRENCIES)
        sources: dict[str, object] = dict(
            zip(("utm_source", "utm_medium", "utm_campaign"), rng.choice(cast.SOURCES), strict=True)
        )
        ip = f"{rng.randrange(11, 99)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        agent = rng.choice(cast.AGENTS)
        sources = {"ref_code": rng.choice(cast.REF_CODES), **sources}
        player = Player(world.name(), world.name("-N"), currency, digits, Decimal(0), ip, agent, sources)
        self.players.append(player)
        world.record(
            "players",
            player.key,
            first_name=rng.choice(cast.FIRST),
            last_name=rng.choice(cast.LAST),
            gender=rng.choice(("male", "female", None)),
            country=country,
            city=city,
            ip=ip,
            locale=locale,
            timezone=zone,
            birthday=date(rng.randrange(1950, 2006), rng.randrange(1, 13), rng.randrange(1, 29)),
            registered_at=moment(world.now),
            user_agent=agent,
            is_blocked=False,
            status="Normal",
            self_excluded=False,
            **sources,
        )
        number = len(self.players)
        world.record(
            "contacts",
            player.key,
            email=f"player{number}@example.com",
            email_confirmed_at=None,
            email_subscribe=rng.random() < 0.7,  # noqa: PLR2004 - a share
            phone=f"+{code}20{rng.randrange(1_000_000, 9_999_999)}" if number % 3 else None,
            phone_subscribe=bool(number % 2),
            phone_confirmed_at=None,
            push_token=world.name("push:") if number % 2 else None,
        )
        self._token(player)
        self.pocket(player, Decimal(rng.randrange(50, 5000)))

    def pocket(self, player: Player, change: Decimal) -> None:
        """A balance moves; never below nothing."""
        player.balance = max(player.balance + change, Decimal(0))
        self.world.record(
            "wallets",
            player.wallet,
            player_id=player.key,
            type="Real",
            balance=player.balance,
            currency=player.currency,
            is_primary=True,
        )

    def amount(self, player: Player, most: int) -> Decimal:
        """Some money in the player's currency, more than nothing."""
        return Decimal(self.rng.randrange(1, most * 10**player.digits)).scaleb(-player.digits)

    def sign_in(self) -> None:
        """An attempt, which mostly succeeds; now and then with a new token."""
        player = self.anybody()
        self.world.record(
            "logins",
            self.world.name(),
            player_id=player.key,
            ip=player.ip,
            user_agent=player.agent,
            host="https://zoo.example/login",
            is_success=self.rng.random() < 0.9,  # noqa: PLR2004 - a share
            **player.sources,
        )
        if self.rng.random() < 0.2:  # noqa: PLR2004 - a share
            self._token(player)

    def _token(self, player: Player) -> None:
        self.world.record("auto_logins", player.key, login_token=self.world.name())

    def pay(self) -> None:
        """A deposit or a withdrawal: New, Process, then Success or Fail."""
        rng, player, key = self.rng, self.anybody(), self.world.name()
        amount, inward = self.amount(player, 900), rng.random() < 0.75  # noqa: PLR2004 - a share
        self.world.record(
            "transactions",
            key,
            player_id=player.key,
            amount=amount,
            currency=player.currency,
            dir="IN" if inward else "OUT",
            type=rng.choice(("Real", "Real", "Real", "Prize", "Cashback")),
            status="New",
            payment_system=rng.choice(cast.PAYMENTS),
            wallet_id=player.wallet,
            requisite=f"4916-****-****-{rng.randrange(1000, 9999)}",
            comment=rng.choice(cast.COMMENTS),
            **player.sources,
        )

        def done() -> None:
            status = rng.choice(("Success", "Success", "Success", "Fail"))
            self.world.record("transactions", key, status=status)
            if status == "Success":
                self.pocket(player, amount if inward else -amount)

        wait = rng.uniform(1, 20) * SECOND
        self.world.after(wait, lambda: self.world.record("transactions", key, status="Process"))
        self.world.after(wait + rng.uniform(1, 40) * SECOND, done)

    def play(self) -> None:
        """A bet, perhaps a win a moment later; in the same session mostly, for as long as people stay."""
        player, rng = self.anybody(), self.rng
        session = player.session
        if session is None or rng.random() > SAME_SESSION:
            session = player.session = self._sit_down(player)
        bet = self.amount(player, 5)
        self.world.sessions.act(session, Action(self.world.now, bet=bet))
        self.pocket(player, -bet)
        if rng.random() < 0.35:  # noqa: PLR2004 - a share
            self.world.after(rng.uniform(0.3, 6) * SECOND, lambda: self._win(player, session))

    def _sit_down(self, player: Player) -> Session:
        code, name, vendor, kind = self.rng.choice(cast.GAMES)
        key = self.world.name()
        values = {
            "player_id": player.key,
            "session_id": key,
            "game_code": code,
            "game_name": name,
            "currency": player.currency,
            "game_vendor": vendor,
            "game_type": kind,
            "balance_type": "Real",
            "ip": player.ip,
            "user_agent": player.agent,
            **player.sources,
        }
        return Session(key, values)

    def _win(self, player: Player, session: Session) -> None:
        win = self.amount(player, 12)
        self.world.sessions.act(session, Action(self.world.now, win=win))
        self.pocket(player, win)

    def change_profile(self) -> None:
        """A player moves, or is blocked for a while, or asks to be left alone."""
        player, rng = self.anybody(), self.rng
        self.world.record(
            "players",
            player.key,
            city=rng.choice(cast.PLACES)[1],
            user_agent=player.agent,
            is_blocked=rng.random() < 0.1,  # noqa: PLR2004 - a share
            self_excluded=rng.random() < 0.05,  # noqa: PLR2004 - a share
        )

    def change_contacts(self) -> None:
        """An address is confirmed, or a consent is given or withdrawn."""
        player = self.anybody()
        self.world.record(
            "contacts",
            player.key,
            **{self.rng.choice(("email_confirmed_at", "phone_confirmed_at")): moment(self.world.now)},
            email_subscribe=self.rng.random() < 0.6,  # noqa: PLR2004 - a share
        )

    def give_bonus(self) -> None:
        """A bonus that runs for a week."""
        key = self.world.name("-A")
        self.assignments.append(key)
        self.world.record(
            "bonus_assignments",
            key,
            player_id=self.anybody().key,
            bonus_id=self.rng.choice(self.bonuses),
            end_date=moment(self.world.now + 7 * 24 * HOUR),
            active=True,
            used=False,
        )

    def use_bonus(self) -> None:
        """One of the latest bonuses is played."""
        if self.assignments:
            key = self.rng.choice(self.assignments[-40:])
            self.world.record("bonus_assignments", key, active=False, used=True)

    def edit_bonus(self) -> None:
        """A bonus of the catalogue is renamed, or there is one more."""
        number = self.rng.randrange(len(self.bonuses) + 1)
        if number == len(self.bonuses):
            self.bonuses.append(self.world.name("bonus-"))
        title = f"{cast.BONUSES[number % len(cast.BONUSES)]}, edition {self.rng.randrange(2, 99)}"
        self.world.record("bonus_list", self.bonuses[number], name=title)
