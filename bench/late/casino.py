"""The small casino that is written to: five feeds, where each row says which version of it this is.

A row's content is what one of its columns holds (a session's: its sums). Contents never come back, but those of
players that only ever change between A and B.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed as pollers see it, and the SELECT of (key, content ...) that tells the truth about it."""

    name: str
    path: str
    key: str
    cursor: str
    content: tuple[str, ...]
    truth: str
    is_sum: bool = False


FEEDS = {
    feed.name: feed
    for feed in (
        Feed("players", "/api/players", "id", "modified_at", ("city",), "select id, city from players"),
        Feed("transactions", "/api/transactions", "id", "updated_at", ("comment",), "select id, note from payments"),
        Feed("wallets", "/api/wallets", "id", "modified_at", ("balance",), "select id, balance from wallets"),
        Feed("logins", "/api/logins", "id", "created_at", ("user_agent",), "select id, agent from logins"),
        Feed(
            "game_activity",
            "/api/game-activity",
            "session_id",
            "updated_at",
            ("bet_count", "win_count", "bet_amount", "win_amount"),
            "select session_id, sum(case when kind = 'bet' then 1 else 0 end),"
            " sum(case when kind = 'win' then 1 else 0 end),"
            " sum(case when kind = 'bet' then amount else 0 end), sum(case when kind = 'win' then amount else 0 end)"
            " from actions group by session_id",
            is_sum=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Table:
    """How rows of a feed are written: `constants` are SQL literals that a new row has beside what changes."""

    name: str
    content: str
    cursor: str
    constants: Mapping[str, str]


_PLAYER = {"player_id": "'p1'"}
_EUR = {"currency": "'EUR'"}
TABLES = {
    "players": Table("players", "city", "modified_at", {"registered_at": "'2026-01-01 00:00:00'"}),
    "transactions": Table(
        "payments", "note", "updated_at",
        _PLAYER | _EUR | {"amount": "10.00", "dir": "'IN'", "created_at": "'2026-01-01 00:00:00'"},
    ),
    "wallets": Table(
        "wallets", "balance", "modified_at",
        _PLAYER | _EUR | {"type": "'Real'", "created_at": "'2026-01-01 00:00:00'"},
    ),
    "logins": Table("logins", "agent", "created_at", _PLAYER),
    "game_activity": Table("actions", "amount", "created_at", _PLAYER | _EUR | {"game_name": "'Starfall'"}),
}  # fmt: skip

_SCHEMA = """
create table players (id varchar(20) primary key, city varchar(40) not null,
  registered_at {stamp} not null, modified_at {stamp} not null);
create table payments (id varchar(20) primary key, player_id varchar(20) not null, amount numeric(18,2) not null,
  currency varchar(3) not null, dir varchar(3) not null, note varchar(40) not null,
  created_at {stamp} not null, updated_at {stamp} not null);
create table wallets (id varchar(20) primary key, player_id varchar(20) not null, type varchar(8) not null,
  balance numeric(18,2) not null, currency varchar(3) not null,
  created_at {stamp} not null, modified_at {stamp} not null);
create table logins (id varchar(20) primary key, player_id varchar(20) not null, agent varchar(40) not null,
  created_at {stamp} not null);
create table actions (id varchar(20) primary key, session_id varchar(20) not null, player_id varchar(20) not null,
  kind varchar(3) not null, amount numeric(18,2) not null, currency varchar(3) not null,
  game_name varchar(20) not null, created_at {stamp} not null);
create index players_cursor on players (modified_at);
create index payments_cursor on payments (updated_at);
create index wallets_cursor on wallets (modified_at);
create index logins_cursor on logins (created_at);
create index actions_cursor on actions (created_at);
create index actions_session on actions (session_id)
"""

MAPPING = """
[serve.feeds.players]
table = "players"
[serve.feeds.transactions]
table = "payments"
columns = { comment = "note" }
[serve.feeds.wallets]
table = "wallets"
[serve.feeds.logins]
table = "logins"
columns = { user_agent = "agent" }
[serve.feeds.game_activity]
columns = { player_id = "player_id", game_name = "game_name", currency = "currency" }
[serve.feeds.game_activity.actions]
table = "actions"
session_id = "session_id"
kind = "kind"
bet = "'bet'"
win = "'win'"
amount = "amount"
created_at = "created_at"
"""


def mapping(*, free_sql: bool = False) -> str:
    """The sections of halfopen.toml; `free_sql` hides the tables behind SELECTs, as joins would."""
    return re.sub(r'table = "(\w+)"', r'sql = "select * from \1"', MAPPING) if free_sql else MAPPING


def schema(stamp: str) -> list[str]:
    """Statements that make the tables; `stamp` is the type of their stamps."""
    return _SCHEMA.format(stamp=stamp).split(";\n")


def content(values: Sequence[object]) -> str:
    """The content of a row, the same whether a database or an answer gave its values."""
    return "/".join(_plain(value) for value in values)


def session(bets: int, wins: int, bet: Decimal, win: Decimal) -> str:
    """The content of a session with these sums."""
    return content((bets, wins, bet, win))


def _plain(value: object) -> str:
    text = str(value)
    if text[:1].isdigit() and "." in text:
        return f"{Decimal(text).normalize():f}"
    return text
