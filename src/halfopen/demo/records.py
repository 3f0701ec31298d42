"""What happens in SpaceVegas, as typed records: each is the whole state of one thing from `at` on.

`at` is an aware UTC datetime with microseconds. Later records of the same key replace earlier ones; a `GameAction` has
no key and is never replaced. Amounts are exact decimals in the currency of the thing.
"""

from datetime import date, datetime
from decimal import Decimal

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False):
    """The root of all records."""

    at: datetime


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a player came from."""

    ref_code: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None


class Player(Record, frozen=True, gc=False, kw_only=True):
    """A profile."""

    id: str
    first_name: str | None
    last_name: str | None
    gender: str | None
    country: str
    city: str | None
    ip: str
    locale: str
    timezone: str
    birthday: date | None
    registered_at: datetime
    user_agent: str
    state: str
    self_excluded: bool
    origin: Origin
    vip_level: int
    lifetime_value: Decimal
    favourite_game: str | None
    last_deposit_at: datetime | None
    tags: tuple[str, ...]


class Contact(Record, frozen=True, gc=False, kw_only=True):
    """How a player can be reached."""

    player_id: str
    email: str | None
    email_confirmed_at: datetime | None
    email_subscribe: bool
    phone: str | None
    phone_confirmed_at: datetime | None
    phone_subscribe: bool | None
    push_token: str | None
    created_at: datetime


class Payment(Record, frozen=True, gc=False, kw_only=True):
    """Money on its way in or out."""

    id: str
    player_id: str
    amount: Decimal
    currency: str
    direction: str
    kind: str | None
    status: str
    payment_system: str | None
    created_at: datetime
    wallet_id: str
    requisite: str | None
    comment: str | None
    origin: Origin


class SignIn(Record, frozen=True, gc=False, kw_only=True):
    """An attempt to log in."""

    id: str
    player_id: str
    ip: str
    user_agent: str
    host: str
    is_success: bool | None
    origin: Origin


class Token(Record, frozen=True, gc=False, kw_only=True):
    """The auto-login token that is alive."""

    player_id: str
    login_token: str


class Wallet(Record, frozen=True, gc=False):
    """A balance as it stands."""

    id: str
    player_id: str
    kind: str
    balance: Decimal
    currency: str
    is_primary: bool
    created_at: datetime


class Bonus(Record, frozen=True, gc=False, kw_only=True):
    """An entry of the catalogue of bonuses."""

    id: str
    name: str
    created_at: datetime


class BonusGrant(Record, frozen=True, gc=False, kw_only=True):
    """A bonus that a player got."""

    id: str
    player_id: str
    bonus_id: str
    end_date: datetime | None
    created_at: datetime
    active: bool
    used: bool


class GameSession(Record, frozen=True, gc=False, kw_only=True):
    """A player opened a game; what was played in it are `GameAction`s."""

    id: str
    player_id: str
    game_code: str
    game_name: str
    game_vendor: str
    game_type: str
    currency: str
    balance_type: str
    ip: str
    user_agent: str
    origin: Origin


class GameAction(Record, frozen=True, gc=False):
    """One bet, win or rollback (of the round's bet) in a session."""

    session_id: str
    round_id: str
    kind: str
    amount: Decimal


class Tournament(Record, frozen=True, gc=False, kw_only=True):
    """A league or a cup."""

    id: str
    name: str
    sport_id: str
    sport_name: str
    country_code: str
    start_date: datetime
    end_date: datetime | None


class Fixture(Record, frozen=True, gc=False, kw_only=True):
    """A match or an outright that can be bet on."""

    id: str
    tournament_id: str
    title: str
    status: str
    start_date: datetime
    kind: str


class Bet(Record, frozen=True, gc=False, kw_only=True):
    """A slip of one leg or more."""

    id: str
    player_id: str
    status: str
    kind: str
    stake: Decimal
    win_amount: Decimal | None
    currency: str
    created_at: datetime
    origin: Origin


class Leg(Record, frozen=True, gc=False, kw_only=True):
    """One leg of a slip."""

    id: str
    bet_id: str
    fixture_id: str
    ratio: Decimal
    status: str
    market: str
    created_at: datetime
