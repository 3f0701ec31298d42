"""Faults of words that are looked up in lists, and of addresses."""

from halfopen.demo.faults.rows import Row
from halfopen.demo.faults.spoiling import Spoilt


class _Word(Spoilt):
    """Writes the same word in the rows that are struck."""

    word = ""

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - whatever it was
        return self.word


class UnknownStatus(_Word):
    """Some transactions have a status of the operator's own."""

    code, feed, column, word = "invalid_enum", "transactions", "status", "On hold"


class UnknownDirection(_Word):
    """Some transactions go neither in nor out."""

    code, feed, column, word = "invalid_enum", "transactions", "dir", "transfer"


class UnknownEventStatus(_Word):
    """Some events are in play, which is called live."""

    code, feed, column, word = "invalid_enum", "sports_events", "status", "in_play"


class ShoutedTypes(_Word):
    """Writes the kind of a wallet in capitals."""

    code, feed, column, word = "enum_case", "wallets", "type", "REAL"


class UnknownCurrency(_Word):
    """Some wallets are in a currency that nobody issues."""

    code, feed, column, word = "invalid_currency", "wallets", "currency", "EURO"


class UnsupportedCoin(_Word):
    """Some payments are in a coin that is not supported."""

    code, feed, column, word = "unsupported_crypto", "transactions", "currency", "XMR"


class UnknownCountry(_Word):
    """Some players live nowhere."""

    code, feed, column, word = "invalid_country", "players", "country", "Ruritania"


class BrokenAddress(_Word):
    """Some logins come from an address with too large a number."""

    code, feed, column, word = "invalid_ip", "logins", "ip", "10.0.0.999"


class UnknownZone(_Word):
    """Some players live in a time zone of its own making."""

    code, feed, column, word = "invalid_timezone", "players", "timezone", "GMT+3 (Riga)"


class UnknownLocale(_Word):
    """Some players' language is spelt out."""

    code, feed, column, word = "invalid_locale", "players", "locale", "english"


class BrokenEmail(_Word):
    """Some addresses are none."""

    code, feed, column, word = "invalid_email", "contacts", "email", "n/a"


class LocalPhones(_Word):
    """Some numbers lack their country."""

    code, feed, column, word = "phone_not_e164", "contacts", "phone", "646-244-1503"


class BrokenHost(_Word):
    """The site of some logins is a sentence."""

    code, feed, column, word = "invalid_url", "logins", "host", "our main site"
