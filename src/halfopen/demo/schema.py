"""The tables of SpaceVegas' own database, named as its developers named them years ago, and how records become rows.

Stamps are text in UTC with six digits of fraction; amounts are decimal text, but for the sportsbook, which keeps
hundredths in an integer; truth values are 0 and 1.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from halfopen.demo import records as r
from halfopen.demo.records import Record


class Table(NamedTuple):
    """One table: its columns as SQL, key and stamp (None where rows are only added), and a record as its row."""

    name: str
    columns: str
    key: str | None
    stamp: str | None
    row: Callable[[Any], tuple[object, ...]]
    indexes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns that a record fills, in order."""
        return [part.split()[0] for part in self.columns.split(",")]

    def insert(self) -> str:
        """One statement that stores a record unless a newer one of its key is there."""
        names = self.names
        head = f"insert into {self.name} ({', '.join(names)}) values ({', '.join('?' * len(names))})"
        if self.key is None or self.stamp is None:
            return head if self.key is None else f"{head} on conflict ({self.key}) do nothing"
        sets = ", ".join(f"{name} = excluded.{name}" for name in names if name != self.key)
        newer = f"excluded.{self.stamp} >= {self.name}.{self.stamp}"
        return f"{head} on conflict ({self.key}) do update set {sets} where {newer}"

    def create(self) -> str:
        """The table, without its indexes."""
        first = "n integer primary key, " if self.key is None else ""
        return f"create table {self.name} ({first}{self.columns})"

    def create_indexes(self) -> list[str]:
        """An index on the stamp, and what else is searched for."""
        wanted = (*((self.stamp,) if self.stamp else ()), *self.indexes)
        return [f"create index {self.name}_by_{column} on {self.name} ({column})" for column in wanted]


def stamp(moment: datetime | None) -> str | None:
    """An aware UTC moment as this database keeps it."""
    return None if moment is None else moment.isoformat(" ", "microseconds")[:26]


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount.scaleb(2))


def _user(p: r.Player) -> tuple[object, ...]:
    o = p.origin
    return (
        p.id, p.first_name, p.last_name, p.gender, p.country, p.city, p.ip, p.locale, p.timezone,
        p.birthday and p.birthday.isoformat(), stamp(p.registered_at), o.ref_code, p.user_agent, stamp(p.at), p.state,
        int(p.self_excluded), o.utm_source, o.utm_medium, o.utm_campaign, p.vip_level, format(p.lifetime_value, "f"),
        p.favourite_game, stamp(p.last_deposit_at), ", ".join(p.tags) or None,
    )  # fmt: skip


def _reach(c: r.Contact) -> tuple[object, ...]:
    return (
        c.player_id, c.email, stamp(c.email_confirmed_at), int(c.email_subscribe), c.phone, stamp(c.phone_confirmed_at),
        None if c.phone_subscribe is None else int(c.phone_subscribe), c.push_token, stamp(c.created_at), stamp(c.at),
    )  # fmt: skip


def _payment(p: r.Payment) -> tuple[object, ...]:
    o = p.origin
    return (
        p.id, p.player_id, format(p.amount, "f"), p.currency, p.direction, p.kind, p.status, p.payment_system,
        stamp(p.created_at), stamp(p.at), p.wallet_id, p.requisite, p.comment, o.ref_code, o.utm_source, o.utm_medium,
        o.utm_campaign,
    )  # fmt: skip


def _sign_in(s: r.SignIn) -> tuple[object, ...]:
    o = s.origin
    return (
        s.id, s.player_id, s.ip, stamp(s.at), o.ref_code, s.user_agent, s.host,
        None if s.is_success is None else int(s.is_success), o.utm_source, o.utm_medium, o.utm_campaign,
    )  # fmt: skip


def _purse(w: r.Wallet) -> tuple[object, ...]:
    return (
        w.id, w.player_id, w.kind, format(w.balance, "f"), w.currency, int(w.is_primary), stamp(w.created_at),
        stamp(w.at),
    )  # fmt: skip


def _grant(g: r.BonusGrant) -> tuple[object, ...]:
    return (
        g.id, g.player_id, g.bonus_id, stamp(g.end_date), stamp(g.created_at), stamp(g.at), int(g.active), int(g.used),
    )  # fmt: skip


def _session(s: r.GameSession) -> tuple[object, ...]:
    o = s.origin
    return (
        s.id, s.player_id, s.game_code, s.game_name, s.game_vendor, s.game_type, s.currency, s.balance_type, s.ip,
        s.user_agent, o.ref_code, o.utm_source, o.utm_medium, o.utm_campaign,
    )  # fmt: skip


def _slip(b: r.Bet) -> tuple[object, ...]:
    o = b.origin
    return (
        b.id, b.player_id, b.status, b.kind, _cents(b.stake), _cents(b.win_amount), b.currency, o.ref_code,
        stamp(b.created_at), stamp(b.at), o.utm_source, o.utm_medium, o.utm_campaign,
    )  # fmt: skip


def _pick(p: r.Leg) -> tuple[object, ...]:
    return (p.id, p.bet_id, p.fixture_id, str(p.ratio), p.status, p.market, stamp(p.created_at), stamp(p.at))


_ORIGIN = "promo text, src text, medium text, campaign text"
TABLES: dict[type[Record], Table] = {
    r.Player: Table(
        "users",
        "uuid text primary key, given_name text, family_name text, sex text, land text, town text, last_ip text, "
        "lang text, zone text, born text, joined text, promo text, agent text, changed text not null, state text, "
        "excluded integer, src text, medium text, campaign text, vip integer, ltv text, favourite text, "
        "last_deposit text, tags text",
        "uuid", "changed", _user,
    ),
    r.Contact: Table(
        "reach",
        "user_uuid text primary key, mail text, mail_ok_at text, mail_optin integer, tel text, tel_ok_at text, "
        "tel_optin integer, device text, added text, touched text not null",
        "user_uuid", "touched", _reach,
    ),
    r.Payment: Table(
        "payments",
        "id text primary key, user_uuid text, total text, currency text, way text, kind text, status text, "
        "carrier text, begun text, updated_at text not null, purse_id text, requisite text, note text, " + _ORIGIN,
        "id", "updated_at", _payment,
    ),
    r.SignIn: Table(
        "sign_ins",
        "id text primary key, user_uuid text, ip text, tried_at text not null, promo text, agent text, host text, "
        "ok integer, src text, medium text, campaign text",
        "id", "tried_at", _sign_in,
    ),
    r.Token: Table(
        "auto_tokens",
        "user_uuid text primary key, token text, renewed text not null",
        "user_uuid", "renewed", lambda t: (t.player_id, t.login_token, stamp(t.at)),
    ),
    r.Wallet: Table(
        "purses",
        "id text primary key, user_uuid text, kind text, amount text, coin text, main integer, opened text, "
        "changed text not null",
        "id", "changed", _purse,
    ),
    r.Bonus: Table(
        "bonuses",
        "id text primary key, title text, added text, changed text not null",
        "id", "changed", lambda b: (b.id, b.name, stamp(b.created_at), stamp(b.at)),
    ),
    r.BonusGrant: Table(
        "grants",
        "id text primary key, user_uuid text, bonus_id text, ends text, given text, changed text not null, "
        "playable integer, played integer",
        "id", "changed", _grant,
    ),
    r.GameSession: Table(
        "game_sessions",
        "id text primary key, user_uuid text, game_code text, game text, vendor text, genre text, coin text, "
        "money text, ip text, agent text, " + _ORIGIN,
        "id", None, _session,
    ),
    r.GameAction: Table(
        "game_actions",
        "session text, round text, kind text, amount text, ts text not null",
        None, "ts", lambda a: (a.session_id, a.round_id, a.kind, format(a.amount, "f"), stamp(a.at)),
        ("session",),
    ),
    r.Tournament: Table(
        "cups",
        "id text primary key, name text, sport text, sport_name text, land text, starts text, ends text, "
        "changed text not null",
        "id", "changed",
        lambda t: (
            t.id, t.name, t.sport_id, t.sport_name, t.country_code, stamp(t.start_date), stamp(t.end_date), stamp(t.at),
        ),
    ),
    r.Fixture: Table(
        "fixtures",
        "id text primary key, cup text, title text, status text, starts text, changed text not null, kind text",
        "id", "changed",
        lambda f: (f.id, f.tournament_id, f.title, f.status, stamp(f.start_date), stamp(f.at), f.kind),
    ),
    r.Bet: Table(
        "slips",
        "id text primary key, user_uuid text, status text, kind text, stake_cents integer, won_cents integer, "
        "coin text, promo text, made text, changed text not null, src text, medium text, campaign text",
        "id", "changed", _slip,
    ),
    r.Leg: Table(
        "picks",
        "id text primary key, slip text, fixture text, odds text, status text, market text, made text, "
        "changed text not null",
        "id", "changed", _pick,
    ),
}  # fmt: skip
"""By the record that fills it."""
