"""Faults of numbers, moments, flags and identifiers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from halfopen.demo.faults import writing
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.right.shapes import JsonOnly
from halfopen.demo.faults.rows import Row
from halfopen.demo.faults.spoiling import Spoilt


class _Constant(Spoilt):
    """Writes the same nonsense in the rows that are struck."""

    constant: ClassVar[object] = None

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - whatever it was
        return self.constant


class NoPlayer(_Constant):
    """Leaves the player out of some transactions."""

    code, feed, column = "required_field_missing", "transactions", "player_id"


class NoMarket(Product):
    """Has no column for the market of a leg."""

    code, feed = "required_field_missing", "sports_odds"

    def columns(self, feed: str) -> Sequence[str]:
        return [name for name in super().columns(feed) if not self.strikes(feed) or name != "market"]


class BlankName(_Constant):
    """Some bonuses are called nothing."""

    code, feed, column, constant = "required_field_empty", "bonus_list", "name", "  "


class ZeroDates(_Constant):
    """Writes a zero date where there is none."""

    code, feed, column = "invalid_datetime", "contacts", "phone_confirmed_at"
    constant = "0000-00-00 00:00:00"


class AmericanDates(Spoilt):
    """Writes the month first."""

    code, feed, column, share = "invalid_datetime", "bonus_assignments", "end_date", 100

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return f"{value:%m/%d/%Y %H:%M}"


class UnixStamps(Spoilt):
    """Writes its cursor in seconds since 1970."""

    code, feed, column, share = "invalid_datetime", "sports_bets", "modified_at", 100
    also = ("cursor_field_missing", "row_outside_window")

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return str(int(value.timestamp())) if isinstance(value, datetime) else value


class PointsInDates(Spoilt):
    """Writes birthdays with points."""

    code, feed, column = "invalid_date", "players", "birthday"

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return f"{value:%d.%m.%Y}"


class ThousandsSeparators(Spoilt):
    """Writes amounts with commas between the thousands."""

    code, feed, column, share = "invalid_number", "transactions", "amount", 100

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return f"{Decimal(str(value)) + 1000:,}"


class CommaForPoint(Spoilt):
    """Writes a comma where the point should be."""

    code, feed, column, share = "invalid_number", "wallets", "balance", 100

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return f"{Decimal(str(value)):.2f}".replace(".", ",")


class WordyCounts(_Constant):
    """Writes counts in words."""

    code, feed, column, constant = "invalid_number", "game_activity", "bet_count", "many"


class Floats(Spoilt):
    """Has had its money in floating point."""

    code, feed, column, share = "float_noise", "sports_bets", "stake", 100

    def spoil(self, value: object, row: Row) -> object:
        return f"{row.lot % 9}.30000000000000004" if row.lot % 2 else value


class WordyFlags(Spoilt):
    """Writes enabled and disabled for true and false."""

    code, feed, column, share = "invalid_boolean", "contacts", "email_subscribe", 100

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return "enabled" if value else "disabled"


class NumbersAsIds(JsonOnly):
    """Sends identifiers of transactions as numbers beyond what a double holds."""

    code, feed = "id_not_string", "transactions"

    def scalar(self, feed: str, column: str, value: object) -> str:
        if self.strikes(feed) and column == "id":
            return str(int(str(value).replace("-", "")[:15], 16))
        return super().scalar(feed, column, value)


class PaddedIds(Spoilt):
    """Pads identifiers with blanks, as a column of fixed width does."""

    code, feed, column, share = "id_whitespace", "sports_bets", "id", 100
    also = (
        "foreign_key_violation",
        "bet_without_odds",
        "foreign_key_violation@sports_odds",
    )

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return f"{value}    "


class WholeCardNumbers(_Constant):
    """Does not mask the cards of some players."""

    code, feed, column, constant = "unmasked_requisite", "transactions", "requisite", "4111-1111-1111-1111"


class NegativeAmounts(Spoilt):
    """Writes withdrawals below zero."""

    code, feed, column, share = "negative_amount", "transactions", "amount", 100

    def spoil(self, value: object, row: Row) -> object:
        return -Decimal(str(value)) if row.values["dir"] == "OUT" else value


class FractionalOdds(_Constant):
    """Writes some odds as what is won beyond the stake."""

    code, feed, column, constant = "below_minimum", "sports_odds", "ratio", Decimal("0.85")


class WinsWithoutCount(_Constant):
    """Counts no wins in sessions that won."""

    code, feed, column, constant = "count_without_amount", "game_activity", "win_count", 0
    share = 100


class RegisteredTomorrow(Spoilt):
    """Some players changed before they registered."""

    code, feed, column = "created_after_updated", "players", "registered_at"

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return value + timedelta(days=2) if isinstance(value, datetime) else value


class SessionsBackwards(Spoilt):
    """Some sessions begin after their last action."""

    code, feed, column, share = "created_after_updated", "game_activity", "created_at", 40
    also = ("row_outside_window", "session_missing_from_action_window")

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        last = row.values["updated_at"]
        return last + timedelta(seconds=30) if isinstance(last, datetime) else last


class MoreWinsThanBets(Spoilt):
    """Counts a round that won several times."""

    code, feed, column = "win_count_exceeds_bet_count", "game_activity", "win_count"

    def spoil(self, value: object, row: Row) -> object:
        return int(str(row.values["bet_count"])) + 3 if value else value


class StakesLeftOut(_Constant):
    """Sends a column for the stake, always empty."""

    code, feed, column, share = "field_always_empty", "sports_bets", "stake", 100


class StrangeColumn(Product):
    """Sends a column that the requirements do not know."""

    code, feed = "unknown_field", "sports_odds"

    def columns(self, feed: str) -> Sequence[str]:
        return [*super().columns(feed), "price_boost"] if self.strikes(feed) else super().columns(feed)

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        return {**row.values, "price_boost": row.lot} if self.strikes(feed) else row.values


class WaveringCustomField(Product):
    """A custom field of players holds a number for most and a word for a few: every 40th who came, and the first.

    The first are those who come most often, so that whoever looks at an hour sees one of them.
    """

    code, feed, also = "custom_field_type_changes", "players", ("unknown_field",)

    def columns(self, feed: str) -> Sequence[str]:
        return [*super().columns(feed), "vip_level"] if self.strikes(feed) else super().columns(feed)

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        if not self.strikes(feed):
            return row.values
        place = next(place for place, key in enumerate(self.world.tables[feed].last) if key == row.key)
        return {**row.values, "vip_level": row.lot if place % 40 else "gold"}


class StrictIsoStamps(Spoilt):
    """Writes T and Z in the stamps of logins."""

    code, feed, column, share = "datetime_not_plain", "logins", "created_at", 100

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"


class PrimaryAsDigit(Spoilt):
    """Writes 1 for a primary wallet, where only true and false are allowed."""

    code, feed, column, share = "boolean_as_digit", "wallets", "is_primary", 100

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return str(int(bool(value)))


class BalanceAsText(JsonOnly):
    """Writes the balance of wallets in quotation marks, where the document's example has a bare number."""

    code, feed = "required_type_from_document_example", "wallets"

    def scalar(self, feed: str, column: str, value: object) -> str:
        if column == "balance" and self.strikes(feed):
            return writing.quoted(self.text(feed, column, value))
        return super().scalar(feed, column, value)


class FalseIsNothing(Spoilt):
    """Writes 1 for true and nothing for false, as PHP does."""

    code, feed, column, share = "boolean_false_empty", "logins", "is_success", 100

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the value alone
        return "1" if value else None


class CustomFieldsInside(JsonOnly):
    """Sends the custom fields of players as an object within the row."""

    code, feed, also = "custom_field_type", "players", ("unknown_field",)

    def columns(self, feed: str) -> Sequence[str]:
        return [*super().columns(feed), "more"] if self.strikes(feed) else super().columns(feed)

    def scalar(self, feed: str, column: str, value: object) -> str:
        inside = '{"level": 3, "club": "gold"}'
        return inside if column == "more" else super().scalar(feed, column, value)
