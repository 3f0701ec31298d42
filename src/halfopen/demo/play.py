"""Sessions at the games: rounds of a bet and sometimes a win, now and then a rollback; every one moves a wallet."""

from halfopen.demo import names
from halfopen.demo.hall import Hall, Life
from halfopen.demo.money import WHALE, amount, spread
from halfopen.demo.person import Person, Purse, pick
from halfopen.demo.records import GameAction, GameSession

WIN_SHARE = 0.33
ROLLBACK_SHARE = 0.008
FREE_SHARE = 0.02
WHALE_ROUNDS = 4
"""So that no sum of a session outgrows 20 digits before the point."""


def session(hall: Hall, who: Person, purse: Purse, rounds: int) -> Life:
    """Open a game and play so many rounds, or until the wallet is empty. A wait of up to half a minute a round."""
    rng = who.rng
    code, title, maker, kind, rhythm = pick(rng, names.GAMES)
    who.favourite = title
    session_id = who.fresh("g")
    hall.tell(
        GameSession(
            hall.at,
            id=session_id,
            player_id=who.id,
            game_code=code,
            game_name=title,
            game_vendor=maker,
            game_type=kind,
            currency=purse.currency.code,
            balance_type=purse.kind,
            ip=who.ip,
            user_agent=who.agent,
            origin=who.origin,
        )
    )
    rounds = min(rounds, WHALE_ROUNDS) if purse.currency is WHALE else rounds
    for number in range(rounds):
        stake = _stake(who, purse)
        if stake > purse.units:
            return
        yield from _round(hall, who, purse, (session_id, f"{session_id}.{number}"), stake)
        yield hall.wait(rhythm * (0.5 + rng.random()))


def _stake(who: Person, purse: Purse) -> int:
    if purse.currency is WHALE:
        return purse.currency.stake
    if who.rng.random() < FREE_SHARE:
        return 0
    return spread(purse.currency.stake, 0.2 + 3 * who.rng.random() ** 3, purse.currency)


def _round(hall: Hall, who: Person, purse: Purse, ids: tuple[str, str], stake: int) -> Life:
    session_id, round_id = ids
    currency = purse.currency
    hall.tell(GameAction(hall.at, session_id, round_id, "bet", amount(stake, currency)))
    if stake:
        purse.put(hall, -stake)
    luck = who.rng.random()
    if luck < WIN_SHARE:
        yield hall.wait(0.2 + luck)
        won = spread(max(stake, currency.stake // 4), 0.2 + luck * 8, currency)
        hall.tell(GameAction(hall.at, session_id, round_id, "win", amount(won, currency)))
        purse.put(hall, won)
    elif luck > 1 - ROLLBACK_SHARE:
        yield hall.wait(5 + 60 * who.rng.random())
        hall.tell(GameAction(hall.at, session_id, round_id, "rollback", amount(stake, currency)))
        purse.put(hall, stake)
