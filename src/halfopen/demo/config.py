"""The `halfopen.toml` of SpaceVegas: what an operator with these tables would write, and the mirror's side of it."""

from datetime import datetime
from pathlib import Path

FILE = "halfopen.toml"
CASINO = "casino.sqlite"
MIRROR = "mirror.duckdb"
PRODUCT = "spacevegas"
USER = "intarget"
PASSWORD = "no-secret-in-a-demo"  # noqa: S105 - a show on the loopback address, printed on the screen
SPEEDS = tuple(speed for speed in range(1, 61) if 60 % speed == 0)
"""How many times faster than life: a cadence of a minute becomes 60 / speed whole seconds."""


def write(folder: Path, port: int, speed: int, since: datetime) -> Path:
    """Write `halfopen.toml` into `folder` and return its path."""
    path = folder / FILE
    path.write_text(text(port, speed, since), encoding="utf-8")
    return path


def text(port: int, speed: int, since: datetime) -> str:
    """The whole file; `since` is the aware UTC moment at which the casino's past begins."""
    head = _HEAD.format(port=port, user=USER, password=PASSWORD, casino=CASINO)
    tail = _TAIL.format(
        port=port,
        user=USER,
        password=PASSWORD,
        mirror=MIRROR,
        product=PRODUCT,
        cadence=60 // speed,
        since=f"{since:%Y-%m-%d %H:%M:%S}",
    )
    return head + _FEEDS + tail


_HEAD = """\
# SpaceVegas: written by `halfopen demo`, as the operator of these tables would write it.

[serve]
database = "sqlite:///{casino}"
late_rows = "plain"
listen = "127.0.0.1:{port}"

[[serve.auth]]
scheme = "basic"
user = "{user}"
password = "{password}"  # in earnest: "${{FEED_PASSWORD}}", from the environment
"""

_FEEDS = """
[serve.feeds.players]
table = "users"
path = "/api/users"
[serve.feeds.players.columns]
id = "uuid"
first_name = "given_name"
last_name = "family_name"
gender = "sex"
country = "land"
city = "town"
ip = "last_ip"
locale = "lang"
timezone = "zone"
birthday = "born"
registered_at = "joined"
ref_code = "promo"
user_agent = "agent"
modified_at = "changed"
is_blocked = "state = 'Blocked'"
status = "state"
self_excluded = "excluded"
utm_source = "src"
utm_medium = "medium"
utm_campaign = "campaign"
[serve.feeds.players.custom]
vip_level = { kind = "integer", column = "vip" }
lifetime_value = { kind = "fractional", column = "ltv" }
favourite_game = { kind = "string", column = "favourite" }
last_deposit_at = { kind = "date", column = "last_deposit" }
tags = { kind = "array", column = "tags" }

[serve.feeds.contacts]
table = "reach"
[serve.feeds.contacts.columns]
player_id = "user_uuid"
email = "mail"
email_confirmed_at = "mail_ok_at"
email_subscribe = "mail_optin"
phone = "tel"
phone_confirmed_at = "tel_ok_at"
phone_subscribe = "tel_optin"
push_token = "device"
created_at = "added"
modified_at = "touched"

[serve.feeds.transactions]
table = "payments"
[serve.feeds.transactions.columns]
player_id = "user_uuid"
amount = "total"
dir = "way"
type = "kind"
payment_system = "carrier"
ref_code = "promo"
created_at = "begun"
wallet_id = "purse_id"
comment = "note"
utm_source = "src"
utm_medium = "medium"
utm_campaign = "campaign"

[serve.feeds.logins]
table = "sign_ins"
cursor = "tried_at"
[serve.feeds.logins.columns]
player_id = "user_uuid"
ref_code = "promo"
user_agent = "agent"
is_success = "ok"
utm_source = "src"
utm_medium = "medium"
utm_campaign = "campaign"

[serve.feeds.auto_logins]
table = "auto_tokens"
columns = { player_id = "user_uuid", login_token = "token", updated_at = "renewed" }

[serve.feeds.wallets]
table = "purses"
[serve.feeds.wallets.columns]
player_id = "user_uuid"
type = "kind"
balance = "amount"
currency = "coin"
is_primary = "main"
created_at = "opened"
modified_at = "changed"

[serve.feeds.bonus_assignments]
table = "grants"
[serve.feeds.bonus_assignments.columns]
player_id = "user_uuid"
end_date = "ends"
created_at = "given"
modified_at = "changed"
active = "playable"
used = "played"

[serve.feeds.bonus_list]
table = "bonuses"
columns = { name = "title", created_at = "added", modified_at = "changed" }

[serve.feeds.game_activity.actions]
sql = '''
select a.session, a.round, a.kind, a.amount, a.ts, s.*
from game_actions a join game_sessions s on s.id = a.session
'''
session_id = "session"
round_id = "round"
kind = "kind"
bet = "'bet'"
win = "'win'"
rollback = "'rollback'"
amount = "amount"
created_at = "ts"
[serve.feeds.game_activity.columns]
player_id = "user_uuid"
game_name = "game"
currency = "coin"
game_vendor = "vendor"
game_type = "genre"
balance_type = "money"
user_agent = "agent"
ref_code = "promo"
utm_source = "src"
utm_medium = "medium"
utm_campaign = "campaign"

[serve.feeds.sports_tournaments]
table = "cups"
[serve.feeds.sports_tournaments.columns]
sport_id = "sport"
country_code = "land"
start_date = "starts"
end_date = "ends"
modified_at = "changed"

[serve.feeds.sports_events]
table = "fixtures"
columns = { tournament_id = "cup", start_date = "starts", updated_at = "changed", type = "kind" }

[serve.feeds.sports_bets]
table = "slips"
minor_units = { stake = 100, win_amount = 100 }  # the sportsbook keeps hundredths
[serve.feeds.sports_bets.columns]
player_id = "user_uuid"
type = "kind"
stake = "stake_cents"
win_amount = "won_cents"
currency = "coin"
ref_code = "promo"
created_at = "made"
modified_at = "changed"
utm_source = "src"
utm_medium = "medium"
utm_campaign = "campaign"

[serve.feeds.sports_odds]
table = "picks"
[serve.feeds.sports_odds.columns]
bet_id = "slip"
event_id = "fixture"
ratio = "odds"
created_at = "made"
updated_at = "changed"
"""

_TAIL = """
# The other side of the wire: the mirror that the feeds are pulled into.
[mirror]
database = "duckdb:///{mirror}"

[products.{product}]
url = "http://127.0.0.1:{port}"
auth = {{ scheme = "basic", user = "{user}", password = "{password}" }}
format = "csv"
cadence = "{cadence}s"
since = "{since}"
paths = {{ players = "/api/users" }}
"""
