import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile

import msgspec
import pytest

from halfopen.demo import records as r
from halfopen.demo.casino import key_of
from halfopen.demo.world import World
from support.spacevegas import START


def take(world: World, hours: float) -> list[r.Record]:
    return list(takewhile(lambda record: record.at < world.start + timedelta(hours=hours), world.events()))


@pytest.fixture(scope="module")
def day() -> list[r.Record]:
    return take(World(1, 120, START), 48)


def of(records: list[r.Record], kind: type[r.Record]) -> list:
    return [record for record in records if type(record) is kind]


def texts(records: list[r.Record]) -> set[str]:
    return {value for record in records for value in msgspec.structs.astuple(record) if isinstance(value, str)}


def test_the_same_seed_tells_the_same_story():
    assert take(World(7, 20, START), 3) == take(World(7, 20, START), 3)


def test_another_seed_tells_another_story():
    assert take(World(7, 20, START), 1) != take(World(8, 20, START), 1)


def test_the_story_does_not_depend_on_the_pieces_it_is_read_in():
    world = World(3, 20, START)
    whole = list(islice(world.events(), 5_000))
    events, others, pieces = world.events(), world.events(), []
    for size in (1, 7, 992, 4_000):
        pieces += islice(events, size)
        list(islice(others, 13))  # somebody else reads the same world in between
    assert pieces == whole


def test_pace_changes_how_fast_lives_run():
    slow, fast = (len(take(World(1, 40, START, pace), 0.5)) for pace in (1, 12))
    assert fast > 4 * slow


def test_time_never_runs_back_and_stamps_are_aware_utc(day):
    assert all(earlier.at <= later.at for earlier, later in pairwise(day))
    assert day[0].at >= START
    assert all(record.at.tzinfo is UTC for record in day)


def test_the_start_must_be_aware_utc():
    with pytest.raises(ValueError, match="aware UTC"):
        World(1, 1, datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_a_key_never_changes_twice_at_one_moment(day):
    seen = Counter((type(record), key_of(record), record.at) for record in day if key_of(record))
    assert max(seen.values()) == 1


def test_rows_lie_exactly_on_minute_edges_and_between_seconds(day):
    on_edges = {type(record) for record in day if record.at.second == 0 and record.at.microsecond == 0}
    assert {r.BonusGrant, r.Fixture, r.Bonus} <= on_edges
    assert sum(record.at.microsecond != 0 for record in day) > 0.9 * len(day)


def test_one_row_changes_several_times_within_a_second(day):
    seconds = Counter((wallet.id, wallet.at.replace(microsecond=0)) for wallet in of(day, r.Wallet))
    assert max(seconds.values()) >= 3


def test_amounts_reach_twenty_digits_before_the_point_and_eighteen_after(day):
    for records, name in ((of(day, r.Payment), "amount"), (of(day, r.Wallet), "balance")):
        whole = max(f"{getattr(record, name):f}".partition(".")[0] for record in records)
        assert max(len(f"{getattr(record, name):f}".partition(".")[0]) for record in records) == 20, whole
        assert any(f"{getattr(record, name):f}".partition(".")[2].strip("0").__len__() >= 15 for record in records)
    assert max(len(wallet.balance.as_tuple().digits) for wallet in of(day, r.Wallet)) == 38


def test_money_is_in_coins_and_in_currencies_without_cents(day):
    wallets = of(day, r.Wallet)
    assert {"EUR", "USD", "JPY", "BTC", "ETH", "SHIB"} <= {wallet.currency for wallet in wallets}
    assert all(wallet.balance >= 0 for wallet in wallets)
    assert all(wallet.balance == int(wallet.balance) for wallet in wallets if wallet.currency == "JPY")


@pytest.mark.parametrize("part", ['"', ",", "\n", "\r\n", "old mac\r", "\t", ";", "'", "\\", "=1+1", "NULL"])
def test_texts_hold_what_breaks_careless_csv(day, part):
    assert any(part in text for text in texts(day))


@pytest.mark.parametrize("script", ["CYRILLIC", "CJK", "ARABIC", "HEBREW", "GREEK", "KATAKANA"])
def test_texts_hold_non_latin_scripts(day, script):
    letters = {letter for text in texts(day) for letter in text}
    assert any(unicodedata.name(letter, "").startswith(script) for letter in letters)


def test_texts_hold_emoji_and_empty_texts_beside_nulls(day):
    comments = {payment.comment for payment in of(day, r.Payment)}
    assert {"", None} <= comments
    assert any("🎰" in comment for comment in comments if comment)


def test_agents_hold_commas_and_semicolons(day):
    assert any("," in agent and ";" in agent for agent in (login.user_agent for login in of(day, r.SignIn)))


def test_some_ids_begin_with_a_dash(day):
    assert any(player.id.startswith("-") for player in of(day, r.Player))
    assert any(wallet.id.startswith("-") for wallet in of(day, r.Wallet))


def test_lives_have_all_their_turns(day):
    players, contacts = of(day, r.Player), of(day, r.Contact)
    assert any(player.self_excluded for player in players)
    blocked = {player.id for player in players if player.state == "Blocked"}
    assert blocked & {player.id for player in players if player.state == "Normal"}
    assert any(contact.email_confirmed_at for contact in contacts)
    assert any(not contact.email_subscribe for contact in contacts)
    assert {contact.phone_subscribe for contact in contacts} == {None, True, False}
    assert {login.is_success for login in of(day, r.SignIn)} == {None, True, False}
    assert any(player.registered_at < START for player in players)
    assert any(player.registered_at > START for player in players)
    assert max(Counter(token.player_id for token in of(day, r.Token)).values()) > 1
    assert any(player.tags for player in players)
    assert any(not player.tags for player in players)


def test_money_goes_through_its_states_and_back(day):
    payments = of(day, r.Payment)
    assert {payment.status for payment in payments} == {"New", "Process", "Success", "Fail"}
    assert {payment.direction for payment in payments} == {"IN", "OUT"}
    assert {"Real", "Prize"} <= {payment.kind for payment in payments}
    succeeded = {payment.id for payment in payments if payment.status == "Success"}
    last = {payment.id: payment.status for payment in payments}
    assert any(last[payment] == "Fail" for payment in succeeded)


def test_bonuses_are_used_or_expire(day):
    states = {(grant.active, grant.used) for grant in of(day, r.BonusGrant)}
    assert states == {(True, False), (False, True), (False, False)}
    assert {grant.end_date is None for grant in of(day, r.BonusGrant)} == {True, False}


def test_games_are_bet_on_won_rolled_back_and_free(day):
    actions = of(day, r.GameAction)
    assert {action.kind for action in actions} == {"bet", "win", "rollback"}
    assert any(action.kind == "bet" and action.amount == 0 for action in actions)
    assert {session.balance_type for session in of(day, r.GameSession)} == {"Real", "Prize"}
    assert {"5", "007"} <= {session.game_code for session in of(day, r.GameSession)}


def test_bets_are_settled_and_sometimes_taken_back(day):
    bets = of(day, r.Bet)
    assert {"created", "accepted", "arbitrage_accepted", "win", "lost", "cashout", "unsettled"} <= {
        bet.status for bet in bets
    }
    assert {bet.kind for bet in bets} == {"single", "combined"}
    legs = Counter(leg.bet_id for leg in of(day, r.Leg) if leg.status == "not_resulted")
    assert max(legs.values()) > 1
    assert {"win", "lost", "half_win", "half_loss", "refunded", "cancelled"} <= {leg.status for leg in of(day, r.Leg)}


def test_fixtures_and_tournaments_go_through_their_states(day):
    statuses = {fixture.status for fixture in of(day, r.Fixture)}
    assert {"not_started", "prematch", "live", "suspended", "ended", "closed", "delayed", "cancelled"} <= statuses
    starts = {}
    for fixture in of(day, r.Fixture):
        starts.setdefault(fixture.id, set()).add(fixture.start_date)
    assert any(len(moments) > 1 for moments in starts.values())
    assert {tournament.end_date is None for tournament in of(day, r.Tournament)} == {True, False}
