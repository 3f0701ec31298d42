"""The codes of findings about rows and values: how grave each is, and what it says.

MUST: the requirements say so, or the CRM loses or corrupts rows; SHOULD: it hampers, or the requirements are
ambiguous; INFO: worth knowing. The names are stable; reports and quarantine use them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Severity = Literal["MUST", "SHOULD", "INFO"]

_CODES: dict[str, tuple[Severity, str]] = {
    "required_field_missing": ("MUST", "a required field is null, or its column is absent"),
    "required_field_empty": ("MUST", "a required field holds nothing but blanks"),
    "invalid_datetime": ("MUST", "no moment of the form YYYY-MM-DD HH:MM:SS, or a zero date"),
    "invalid_date": ("MUST", "no day of the form YYYY-MM-DD, or a zero date"),
    "invalid_number": ("MUST", "no plain decimal that DECIMAL(38,18) holds, or no whole number of 64 bits"),
    "invalid_boolean": ("MUST", "none of true, false, 1, 0, t, f, yes, no"),
    "invalid_enum": ("SHOULD", "none of the allowed words, in any case; kept as sent"),
    "enum_case": ("INFO", "an allowed word in another case"),
    "invalid_currency": ("MUST", "neither a code of ISO 4217 nor a supported coin; kept as sent"),
    "unsupported_crypto": ("MUST", "a cryptocurrency that is not supported; kept as sent"),
    "invalid_country": ("SHOULD", "neither an alpha-2 code of ISO 3166-1 nor a country's name; kept as sent"),
    "invalid_ip": ("SHOULD", "neither an IPv4 nor an IPv6 address; kept as sent"),
    "invalid_timezone": ("SHOULD", "no name of the IANA time zone database; kept as sent"),
    "invalid_locale": ("SHOULD", "no language of ISO 639 with perhaps a country, such as en or en_US; kept as sent"),
    "invalid_email": ("SHOULD", "no e-mail address; kept as sent"),
    "phone_not_e164": ("INFO", "a phone number without + and country code; kept as sent"),
    "invalid_url": ("SHOULD", "neither an http address nor a host name; kept as sent"),
    "id_whitespace": ("SHOULD", "an identifier that begins or ends with a blank"),
    "unmasked_requisite": ("SHOULD", "a whole card number: 13 to 19 digits that pass Luhn's check"),
    "negative_amount": ("SHOULD", "a number below zero where none can be"),
    "below_minimum": ("SHOULD", "a number below the least that it can be, such as decimal odds below 1"),
    "count_without_amount": ("SHOULD", "a count and its amount contradict each other: one is zero, the other is not"),
    "created_after_updated": ("SHOULD", "two moments in the wrong order, by more than the fraction of a second"),
    "float_noise": ("SHOULD", "a decimal that has been through a floating-point number, as 0.30000000000000004"),
    "datetime_not_plain": ("INFO", "a moment with T, Z, an offset or a fraction; read, though not as asked for"),
}

SEVERITY: Mapping[str, Severity] = MappingProxyType({code: severity for code, (severity, _) in _CODES.items()})
"""Code -> severity, wherever the feed does not say otherwise (`severity`)."""
DOC: Mapping[str, str] = MappingProxyType({code: doc for code, (_, doc) in _CODES.items()})
"""Code -> one line for a person."""


def severity(code: str, feed: str, field: str) -> Severity:
    """How grave a finding is in its place; KeyError for an unknown code.

    A transaction whose direction is unknown cannot be booked; the two stamps of a session are its first and last
    action, so their order is no matter of taste.
    """
    if (code, feed, field) == ("invalid_enum", "transactions", "dir"):
        return "MUST"
    if (code, feed) == ("created_after_updated", "game_activity"):
        return "MUST"
    return SEVERITY[code]
