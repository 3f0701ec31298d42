"""Deposits, withdrawals and bonuses: from New to Success or Fail, and sometimes back again."""

from datetime import timedelta

from halfopen.demo import names
from halfopen.demo.hall import Hall, Life, around, chance
from halfopen.demo.money import WHALE, amount, spread
from halfopen.demo.person import Person, Purse, pick
from halfopen.demo.records import BonusGrant, Payment

FAIL_SHARE = 0.08
TAKEN_BACK_SHARE = 0.015
DAY = 86_400.0


class Slip:
    """A payment on its way: what stays the same, so that each status is told in full."""

    def __init__(self, hall: Hall, who: Person, purse: Purse, direction: str, units: int) -> None:
        rng = who.rng
        self.who, self.purse, self.direction, self.units = who, purse, direction, units
        self.id = who.fresh("t")
        self.kind: str | None = "Real" if purse.kind == "Real" else "Prize"
        self.created_at = hall.at
        self.carrier = pick(rng, names.CARRIERS) if purse.currency.fiat else purse.currency.code
        self.requisite = f"{4000 + who.number % 999}-****-****-{who.number % 10}" if self.carrier == "VISA" else None
        self.comment = pick(rng, names.COMMENTS)

    def tell(self, hall: Hall, status: str) -> None:
        """Tell the payment in that status."""
        hall.tell(
            Payment(
                hall.at,
                id=self.id,
                player_id=self.who.id,
                amount=amount(self.units, self.purse.currency),
                currency=self.purse.currency.code,
                direction=self.direction,
                kind=self.kind,
                status=status,
                payment_system=self.carrier,
                created_at=self.created_at,
                wallet_id=self.purse.id,
                requisite=self.requisite,
                comment=self.comment,
                origin=self.who.origin,
            )
        )


def deposit(hall: Hall, who: Person) -> Life:
    """Money in: done within a minute or so; a player waits for it. One in a hundred is charged back days later."""
    rng, purse = who.rng, who.purse
    units = 15 * 10**36 + 123456789012345678 if purse.currency is WHALE else _rounded(who)
    slip = Slip(hall, who, purse, "IN", units)
    if chance(rng, 2):
        slip.kind = pick(rng, ("Fake", "Compensation", "Cashback", "Other", None))
    slip.tell(hall, "New")
    yield hall.wait(0.3 + 4 * rng.random())
    slip.tell(hall, "Process")
    yield hall.wait(1 + around(rng, 15))
    if rng.random() < FAIL_SHARE:
        slip.tell(hall, "Fail")
        return
    slip.tell(hall, "Success")
    purse.put(hall, units)
    who.last_deposit = hall.at
    who.lifetime_units = min(who.lifetime_units + units, 60 * 10**36)
    if rng.random() < TAKEN_BACK_SHARE:
        hall.spawn(_take_back(hall, slip), hall.wait(around(rng, DAY)))


def withdrawal(hall: Hall, who: Person, units: int) -> Life:
    """Money out: taken from the wallet at once, paid within hours, given back when it fails."""
    rng = who.rng
    slip = Slip(hall, who, who.purse, "OUT", units)
    slip.tell(hall, "New")
    who.purse.put(hall, -units)
    yield hall.wait(around(rng, 600))
    slip.tell(hall, "Process")
    yield hall.wait(around(rng, 3600))
    failed = rng.random() < FAIL_SHARE
    slip.tell(hall, "Fail" if failed else "Success")
    if failed:
        who.purse.put(hall, units)


def bonus(hall: Hall, who: Person, bonus_id: str) -> Life:
    """A bonus, given by a job on the edge; used (then paid into the prize wallet) or expired, also on an edge."""
    rng = who.rng
    grant_id, given_at = who.fresh("b"), hall.at
    ends = None if chance(rng, 20) else given_at + timedelta(days=7)  # one in five never ends

    def tell(*, active: bool, used: bool) -> None:
        hall.tell(
            BonusGrant(
                hall.at,
                id=grant_id,
                player_id=who.id,
                bonus_id=bonus_id,
                end_date=ends,
                created_at=given_at,
                active=active,
                used=used,
            )
        )

    tell(active=True, used=False)
    if chance(rng, 35):  # a third is never claimed
        yield hall.edge(around(rng, 4 * 3600))
        tell(active=False, used=False)
        return
    yield hall.wait(around(rng, 900))
    tell(active=False, used=True)
    purse = who.prizes(hall)
    units = spread(purse.currency.stake if purse.currency is not WHALE else 10**24, 10.0, purse.currency)
    slip = Slip(hall, who, purse, "IN", units)
    slip.tell(hall, "Success")
    purse.put(hall, units)


def _take_back(hall: Hall, slip: Slip) -> Life:
    slip.tell(hall, "Fail")
    slip.purse.put(hall, -slip.units)
    yield from ()


def _rounded(who: Person) -> int:
    """What people deposit: 20 to 120 stakes, in whole tens of them for fiat."""
    stakes = 20 + int(who.rng.random() * 11) * 10
    currency = who.purse.currency
    return stakes * currency.stake if currency.fiat else spread(currency.stake, stakes / 3, currency) * 3
