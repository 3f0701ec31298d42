"""A player as the lives see one: what is remembered between two changes, and the records that tell of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from halfopen.demo import names
from halfopen.demo.hall import Hall, chance
from halfopen.demo.money import CEILING, CURRENCIES, WHALE, Currency, amount
from halfopen.demo.records import Contact, Origin, Player, SignIn, Token, Wallet

T = TypeVar("T")


class Purse:
    """A wallet: `units` is its balance in the smallest unit, never below zero nor above the ceiling."""

    __slots__ = ("currency", "id", "kind", "opened", "player_id", "primary", "units")

    def __init__(self, wallet_id: str, player_id: str, kind: str, currency: Currency, opened: datetime) -> None:
        self.id = wallet_id
        self.player_id = player_id
        self.kind = kind
        self.currency = currency
        self.primary = kind == "Real"
        self.opened = opened
        self.units = 0

    def put(self, hall: Hall, units: int) -> None:
        """Add (or take, where negative) and tell it; more than the ceiling or less than nothing does not fit."""
        self.units = max(0, min(self.units + units, CEILING))
        self.tell(hall)

    def tell(self, hall: Hall) -> None:
        """Tell the balance as it stands."""
        currency = self.currency
        hall.tell(
            Wallet(
                hall.at,
                self.id,
                self.player_id,
                self.kind,
                amount(self.units, currency),
                currency.code,
                self.primary,
                self.opened,
            )
        )


class Person:
    """One player: number 0 is the whale, the first few have awkward ids."""

    def __init__(self, hall: Hall, number: int, registered_at: datetime) -> None:
        rng = self.rng = hall.random("player", number)
        self.number = number
        self.id = _player_id(rng, number)
        self.registered_at = registered_at
        self.opened_at = hall.at
        self.first, self.gender = pick(rng, names.FIRST)
        self.last = pick(rng, names.LAST)
        self.place = pick(rng, names.PLACES)
        self.ip = address(rng)
        self.agent = pick(rng, names.AGENTS)
        self.host = pick(rng, names.HOSTS)
        self.origin = Origin(pick(rng, names.REF_CODES), *pick(rng, names.SOURCES))
        born = hall.start.date().replace(day=1) - timedelta(days=int(rng.uniform(18.5, 80) * 365.25))
        self.birthday = None if chance(rng, 10) else born  # one in ten does not say
        self.state = "Normal"
        self.excluded = False
        self.vip = int(rng.random() ** 4 * 6)
        self.lifetime_units = 0
        self.favourite: str | None = None
        self.last_deposit: datetime | None = None
        self.tags: tuple[str, ...] = tuple(tag for tag in names.TAGS if chance(rng, 20))
        self.email = f"{'.'.join(('p', str(number), self.id[-4:]))}@mail.example".lower()
        self.phone = f"+{self.place[4]}{200000000 + number * 7919 % 700000000}"
        self.email_at: datetime | None = None
        self.phone_at: datetime | None = None
        self.email_subscribe = True
        self.phone_subscribe: bool | None = None
        self.device: str | None = None
        self.counter = 0
        currency = WHALE if number == 0 else rng.choices(CURRENCIES, [each.share for each in CURRENCIES])[0]
        self.purse = Purse(f"-N{rng.getrandbits(72):018x}_{number}", self.id, "Real", currency, hall.at)
        self.prize: Purse | None = None

    def fresh(self, kind: str) -> str:
        """A new id of that kind: no other thing of the world has it."""
        self.counter += 1
        return f"{kind}{self.number:x}-{self.counter:x}-{self.rng.getrandbits(40):010x}"

    def prizes(self, hall: Hall) -> Purse:
        """The wallet for bonus money, opened when first wanted."""
        if self.prize is None:
            self.prize = Purse(self.fresh("w"), self.id, "Prize", self.purse.currency, hall.at)
        return self.prize

    def tell_profile(self, hall: Hall) -> None:
        """Tell the profile as it stands."""
        country, city, locale, zone, _ = self.place
        hall.tell(
            Player(
                hall.at,
                id=self.id,
                first_name=self.first,
                last_name=self.last,
                gender=self.gender,
                country=country,
                city=city,
                ip=self.ip,
                locale=locale,
                timezone=zone,
                birthday=self.birthday,
                registered_at=self.registered_at,
                user_agent=self.agent,
                state=self.state,
                self_excluded=self.excluded,
                origin=self.origin,
                vip_level=self.vip,
                lifetime_value=amount(self.lifetime_units, self.purse.currency),
                favourite_game=self.favourite,
                last_deposit_at=self.last_deposit,
                tags=self.tags,
            )
        )

    def tell_contact(self, hall: Hall) -> None:
        """Tell the contacts as they stand."""
        hall.tell(
            Contact(
                hall.at,
                player_id=self.id,
                email=self.email,
                email_confirmed_at=self.email_at,
                email_subscribe=self.email_subscribe,
                phone=self.phone,
                phone_confirmed_at=self.phone_at,
                phone_subscribe=self.phone_subscribe,
                push_token=self.device,
                created_at=self.opened_at,
            )
        )

    def tell_token(self, hall: Hall) -> None:
        """Tell a new auto-login token."""
        bits = self.rng.getrandbits(128)
        hall.tell(Token(hall.at, player_id=self.id, login_token=f"{bits:032x}"))

    def tell_sign_in(self, hall: Hall, *, success: bool | None) -> None:
        """Tell an attempt to log in."""
        hall.tell(
            SignIn(
                hall.at,
                id=self.fresh("s"),
                player_id=self.id,
                ip=self.ip,
                user_agent=self.agent,
                host=self.host,
                is_success=success,
                origin=self.origin,
            )
        )


def pick(rng: Random, choices: Sequence[T]) -> T:
    """One of them, each as likely as the others; a third of the cost of `Random.choice`."""
    return choices[int(rng.random() * len(choices))]


def _player_id(rng: Random, number: int) -> str:
    bits = f"{rng.getrandbits(112):028x}{number & 0xFFFF:04x}"
    if number % 50 == 0:
        return f"-N{bits[:18]}_{number}"
    return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


def address(rng: Random) -> str:
    """An address from the ranges kept for documentation, IPv6 now and then."""
    last = int(rng.random() * 254) + 1
    if chance(rng, 15):
        return f"2001:db8::{last:x}:{int(rng.random() * 65536):x}"
    return f"203.0.113.{last}"
