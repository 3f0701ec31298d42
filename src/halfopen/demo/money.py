"""Currencies of SpaceVegas, and amounts as whole numbers of their smallest unit, so that nothing is ever rounded."""

from decimal import Decimal

import msgspec

CEILING = 95 * 10**36
"""No balance grows beyond it: 95 * 10**18 coins of 18 places, which DECIMAL(38,18) just holds."""


class Currency(msgspec.Struct, frozen=True):
    """`stake` is an ordinary bet in smallest units, of which `10 ** places` make one coin."""

    code: str
    places: int
    stake: int
    share: float
    """How many players of a hundred keep their money in it."""

    @property
    def fiat(self) -> bool:
        """Whether the sportsbook takes it."""
        return self.places <= 2  # noqa: PLR2004 - cents


CURRENCIES = (
    Currency("EUR", 2, 100, 40),
    Currency("USD", 2, 125, 22),
    Currency("JPY", 0, 150, 12),
    Currency("BTC", 8, 1_500, 10),
    Currency("ETH", 18, 4 * 10**14 + 7, 10),
    Currency("SHIB", 18, 55_555 * 10**18 + 123_456_789, 6),
)
WHALE = Currency("SHIB", 18, 3 * 10**36 + 1, 0)
"""Bets of 3 * 10**18 SHIB and one attoshib: sums of a session need 20 digits before the point and 18 after."""


def amount(units: int, currency: Currency) -> Decimal:
    """The exact decimal of so many smallest units, whatever the decimal context is."""
    return Decimal(f"{units}E-{currency.places}")


def spread(units: int, share: float, currency: Currency) -> int:
    """`share` (0 to 50, to one in a million) of an amount; coins of 18 places get lively last digits."""
    parts = int(share * 1_000_000)
    result = units * parts // 1_000_000
    return result + parts * 7_919 if currency.places > 8 and parts else result  # noqa: PLR2004 - ETH and its kin
