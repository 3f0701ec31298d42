"""The life of a player: register, confirm, visit again and again, and for some an end to it."""

from datetime import timedelta

from halfopen.demo import names
from halfopen.demo.book import Book
from halfopen.demo.cashier import bonus, deposit, withdrawal
from halfopen.demo.hall import Hall, Life, around, chance
from halfopen.demo.money import WHALE, spread
from halfopen.demo.person import Person, Purse, address, pick
from halfopen.demo.play import session

AWAY_SECONDS = 1_200.0
"""Mean time between two visits: an active clientele, so that a short look at it shows everything."""
LOW_STAKES = 8
HIGH_STAKES = 400


def life(hall: Hall, book: Book, number: int, *, old_hand: bool) -> Life:
    """One player from the first record on. An old hand registered years before the world begins."""
    years = hall.random("years", number).uniform(30, 2_000)
    who = Person(hall, number, hall.at - timedelta(days=years) if old_hand else hall.at)
    rng = who.rng
    who.tell_profile(hall)
    who.tell_contact(hall)
    who.tell_token(hall)
    if old_hand:
        who.purse.units = 50 * 10**36 + 1 if who.purse.currency is WHALE else 60 * who.purse.currency.stake
    who.purse.tell(hall)
    hall.spawn(_confirm(hall, who), hall.wait(30 + around(rng, 1_200)))
    yield hall.wait(5 + around(rng, AWAY_SECONDS if old_hand else 30))
    while not who.excluded:
        yield from _visit(hall, book, who)
        yield hall.wait(around(rng, AWAY_SECONDS))
        if chance(rng, 1):  # one visit in a hundred ends in a block
            yield from _blocked(hall, who)
    who.email_subscribe = False
    who.phone_subscribe = False
    who.tell_contact(hall)


def _visit(hall: Hall, book: Book, who: Person) -> Life:
    rng = who.rng
    who.ip = address(rng)
    yield from _sign_in(hall, who)
    if chance(rng, 30):  # a new token now and then
        yield hall.wait(0.05)
        who.tell_token(hall)
    if who.purse.units < LOW_STAKES * who.purse.currency.stake:
        yield hall.wait(3 + around(rng, 20))
        yield from deposit(hall, who)
    if chance(rng, 15):  # the bonus job picks some of those who are there
        hall.spawn(bonus(hall, who, f"bonus-{int(rng.random() * len(names.BONUSES))}"), hall.edge(60 * rng.random()))
    for _ in range(1 + int(4 * rng.random())):
        yield hall.wait(2 + around(rng, 20))
        if who.purse.currency.fiat and chance(rng, 45):  # nearly half like sports better
            yield from book.bet(who)
        else:
            yield from session(hall, who, _purse(who), 1 + int(rng.expovariate(0.25)))
    yield from _afterwards(hall, who)


def _sign_in(hall: Hall, who: Person) -> Life:
    rng = who.rng
    while chance(rng, 10):  # a mistyped password
        who.tell_sign_in(hall, success=None if chance(rng, 10) else False)  # outcome not known
        yield hall.wait(0.4 + around(rng, 5))
    who.tell_sign_in(hall, success=True)


def _purse(who: Person) -> Purse:
    """Bonus money first, half of the time, while there is enough of it."""
    prize = who.prize
    wanted = prize is not None and prize.units > prize.currency.stake and chance(who.rng, 50)
    return prize if prize is not None and wanted else who.purse


def _afterwards(hall: Hall, who: Person) -> Life:
    rng = who.rng
    if who.purse.units > HIGH_STAKES * who.purse.currency.stake or chance(rng, 5):  # some like it safe
        units = spread(who.purse.units, 0.5, who.purse.currency)
        if 0 < units < who.purse.units:
            hall.spawn(withdrawal(hall, who, units), hall.wait(5))
            yield hall.wait(6)
    if chance(rng, 10):  # profiles change less often than balances
        yield hall.wait(around(rng, 30))
        who.vip += 1
        who.place = pick(rng, names.PLACES)
        who.tags = tuple(tag for tag in names.TAGS if chance(rng, 20))
        who.tell_profile(hall)
        yield hall.wait(0.3)
        who.agent = pick(rng, names.AGENTS)
        who.tell_profile(hall)
    if chance(rng, 2):  # a change of mind about mail
        who.email_subscribe = not who.email_subscribe
        who.device = f"{who.fresh('d')}:V8-TE5" if chance(rng, 50) else None
        who.tell_contact(hall)
    if chance(rng, 0.2):  # the one that must never be missed
        yield hall.wait(10)
        who.excluded = True
        who.state = "Self-excluded"
        who.tell_profile(hall)


def _blocked(hall: Hall, who: Person) -> Life:
    who.state = "Blocked"
    who.tell_profile(hall)
    yield hall.edge(around(who.rng, 7_200))
    who.state = "Normal"
    who.tell_profile(hall)


def _confirm(hall: Hall, who: Person) -> Life:
    who.email_at = hall.at
    who.tell_contact(hall)
    yield hall.wait(0.4 + around(who.rng, 600))
    if who.excluded:
        return
    who.phone_at = hall.at
    who.phone_subscribe = chance(who.rng, 70)  # most agree
    who.tell_contact(hall)
