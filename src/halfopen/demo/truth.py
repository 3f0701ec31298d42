"""What a mirror of SpaceVegas must hold, worked out from the casino's tables by a road of its own.

Nothing here is shared with `serve/` or `sources/`: SQLite writes each table as JSON lines of texts, DuckDB reads them
and shapes the feeds with the SQL below. Decimals are cast from their text, sums are DECIMAL(38,18), stamps are floored
to the second. Requirements: the tables of all 13 feeds; "Casino Game Activity" for the sums of sessions.
"""

import sqlite3
from contextlib import closing
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path

import duckdb

from halfopen.demo.schema import TABLES

CUSTOM = ("vip_level", "lifetime_value", "favourite_game", "last_deposit_at", "tags")
"""Custom fields of players, which a mirror keeps as texts in `custom`."""

_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)
_MACROS = (
    "create macro sec(t) as date_trunc('second', t::TIMESTAMP)",
    "create macro exact(t) as t::DECIMAL(38,18)",
    """create macro hundredths(t) as
        ((t::BIGINT // 100)::VARCHAR || '.' || lpad((t::BIGINT % 100)::VARCHAR, 2, '0'))::DECIMAL(38,18)""",
)
_ORIGIN = "src as utm_source, medium as utm_medium, campaign as utm_campaign"

FEEDS = {
    "players": f"""
        select uuid as id, given_name as first_name, family_name as last_name, sex as gender, land as country,
            town as city, last_ip as ip, lang as locale, zone as timezone, born::DATE as birthday,
            sec(joined) as registered_at, promo as ref_code, agent as user_agent, sec(changed) as modified_at,
            state = 'Blocked' as is_blocked, state as status, excluded::BOOLEAN as self_excluded, {_ORIGIN},
            vip as vip_level, ltv as lifetime_value, favourite as favourite_game,
            strftime(sec(last_deposit), '%Y-%m-%d %H:%M:%S') as last_deposit_at, tags
        from raw.users""",
    "contacts": """
        select user_uuid as player_id, mail as email, sec(mail_ok_at) as email_confirmed_at,
            mail_optin::BOOLEAN as email_subscribe, tel as phone, sec(tel_ok_at) as phone_confirmed_at,
            tel_optin::BOOLEAN as phone_subscribe, device as push_token, sec(added) as created_at,
            sec(touched) as modified_at
        from raw.reach""",
    "transactions": f"""
        select id, user_uuid as player_id, exact(total) as amount, currency, way as dir, kind as type, status,
            carrier as payment_system, promo as ref_code, sec(begun) as created_at, sec(updated_at) as updated_at,
            purse_id as wallet_id, requisite, note as comment, {_ORIGIN}
        from raw.payments""",
    "logins": f"""
        select id, user_uuid as player_id, ip, sec(tried_at) as created_at, promo as ref_code, agent as user_agent,
            host, ok::BOOLEAN as is_success, {_ORIGIN}
        from raw.sign_ins""",
    "auto_logins": """
        select user_uuid as player_id, 'sha256:' || sha256(token) as login_token, sec(renewed) as updated_at
        from raw.auto_tokens""",
    "wallets": """
        select id, user_uuid as player_id, kind as type, exact(amount) as balance, coin as currency,
            main::BOOLEAN as is_primary, sec(opened) as created_at, sec(changed) as modified_at
        from raw.purses""",
    "bonus_assignments": """
        select id, user_uuid as player_id, bonus_id, sec(ends) as end_date, sec(given) as created_at,
            sec(changed) as modified_at, playable::BOOLEAN as active, played::BOOLEAN as used
        from raw.grants""",
    "bonus_list": """
        select id, title as name, sec(added) as created_at, sec(changed) as modified_at from raw.bonuses""",
    "game_activity": f"""
        with sums as (
            select session,
                count(*) filter (kind = 'bet') - count(*) filter (kind = 'rollback') as bet_count,
                count(distinct round) filter (kind = 'win') as win_count,
                coalesce(sum(exact(amount)) filter (kind = 'bet'), 0)
                    - coalesce(sum(exact(amount)) filter (kind = 'rollback'), 0) as bet_amount,
                coalesce(sum(exact(amount)) filter (kind = 'win'), 0) as win_amount,
                sec(min(ts)) as created_at, sec(max(ts)) as updated_at
            from raw.game_actions group by session)
        select user_uuid as player_id, id as session_id, game_code, game as game_name, coin as currency,
            bet_count, win_count, bet_amount::DECIMAL(38,18) as bet_amount, win_amount::DECIMAL(38,18) as win_amount,
            created_at, updated_at, vendor as game_vendor, genre as game_type, money as balance_type, ip,
            agent as user_agent, promo as ref_code, {_ORIGIN}
        from sums join raw.game_sessions on id = session""",
    "sports_tournaments": """
        select id, name, sport as sport_id, sport_name, land as country_code, sec(starts) as start_date,
            sec(ends) as end_date, sec(changed) as modified_at
        from raw.cups""",
    "sports_events": """
        select id, cup as tournament_id, title, status, sec(starts) as start_date, sec(changed) as updated_at,
            kind as type
        from raw.fixtures""",
    "sports_bets": f"""
        select id, user_uuid as player_id, status, kind as type, hundredths(stake_cents) as stake,
            hundredths(won_cents) as win_amount, coin as currency, promo as ref_code, sec(made) as created_at,
            sec(changed) as modified_at, {_ORIGIN}
        from raw.slips""",
    "sports_odds": """
        select id, slip as bet_id, fixture as event_id, exact(odds) as ratio, status, market,
            sec(made) as created_at, sec(changed) as updated_at
        from raw.picks""",
}
"""Each feed from the casino's tables, in the types of a mirror."""


def load(connection: duckdb.DuckDBPyConnection, casino: Path, workplace: Path) -> None:
    """Make schema `truth` with one table a feed out of the casino's database file.

    Reads all tables in one transaction, so that they fit each other. `workplace` is a folder for the lines on their
    way; it needs about the room of the casino's file.
    """
    connection.execute("create schema raw")
    connection.execute("create schema truth")
    for macro in _MACROS:
        connection.execute(macro)
    with closing(sqlite3.connect(f"file:{casino}?mode=ro", uri=True, isolation_level=None)) as source:
        source.create_function("half_even", 1, _half_even, deterministic=True)
        source.execute("begin")
        for table in TABLES.values():
            _copy(source, connection, table.name, table.names, workplace)
    for feed, select in FEEDS.items():
        connection.execute(f"create table truth.{feed} as {select}")
    connection.execute("drop schema raw cascade")


def _copy(
    source: sqlite3.Connection,
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: list[str],
    workplace: Path,
) -> None:
    lines = workplace / f"{table}.ndjson"
    members = ", ".join(f"'{name}', {_text(table, name)}" for name in columns)
    with lines.open("w", encoding="utf-8", newline="") as file:
        for (line,) in source.execute(f"select json_object({members}) from {table}"):
            file.write(line)
            file.write("\n")
    types = ", ".join(f"{name}: 'VARCHAR'" for name in columns)
    connection.execute(
        f"create table raw.{table} as from read_json('{lines}', format = 'newline_delimited', columns = {{{types}}})"
    )
    lines.unlink()


def _text(table: str, column: str) -> str:
    return "half_even(ltv)" if (table, column) == ("users", "ltv") else f"cast({column} as text)"


def _half_even(text: str | None) -> str | None:
    """Two decimals, half to even: the requirements' fractional custom field."""
    if text is None:
        return None
    return format(Decimal(text).quantize(Decimal("0.01"), context=_WIDE), "f")
