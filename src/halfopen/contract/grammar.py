r"""How texts of each kind are spelled: regular expressions that Python's `re` and DuckDB's RE2 read alike.

Each matches a whole text (`re.fullmatch`, `regexp_full_match`) and keeps to what both engines share: digits are
written out, since `\d` is wider in Python; no look-around, no back-references.
"""

TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET = "(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
NAIVE = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{TIME}(?:[.][0-9]{{1,9}})?"
"""A moment that says no offset; it is UTC."""
MOMENT = f"{NAIVE}{_OFFSET}?"
"""A moment: the requirements' form, or with T, a fraction, Z or a numeric offset."""
ZERO_DATES = ("1900-01-01", "0001-01-01")
"""How SQL Server and .NET print "no date"; 0000-00-00 of MySQL is no date to begin with."""

PLAIN_INTEGER = "-?[0-9]{1,18}"
INTEGER = "-?[0-9]+(?:[.]0+)?"
"""A whole number; `13.0` is how pandas prints one in a column that has nulls."""
DECIMAL = "-?(?:0*[0-9]{1,20}(?:[.][0-9]{1,18}0*)?|[.][0-9]{1,18}0*)"
"""What DECIMAL(38,18) holds exactly. No exponent, by the ruling on numbers: a 1E-8 has been through a float,
and readers of CSV that know only plain decimals read 1. `.5` is how Oracle prints a half."""
FLOAT_NOISE = "-?[0-9]*[.][0-9]*(?:0{6}|9{6})[0-9]{0,2}[1-9]"
"""With 16 or 17 significant digits: what a double leaves of a decimal, as in 0.30000000000000004. It never ends in a
zero; a decimal that is filled up to its scale does, as in 0.040000000000000000."""
NOISE_DIGITS = (16, 17)

TRUE = ("true", "1", "t", "yes")
FALSE = ("false", "0", "f", "no")

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = f"(?:{_BYTE}[.]){{3}}{_BYTE}"
_GROUPS = "[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*"
IPV6_WHOLE = f"{_GROUPS}(?::{IPV4})?(?:%[^%/]+)?"
"""The shape of an IPv6 address without `::`; that there are eight groups is counted apart, an IPv4 tail as two."""
IPV6_CUT = f"(?:{_GROUPS})?::(?:{_GROUPS}(?::{IPV4})?|{IPV4})?(?:%[^%/]+)?"
"""The shape of one with `::`, which stands for one group of zeros or more: at most seven others."""
IPV6_GROUPS = 8
_NOT_SPACE = r"[^\x00-\x20\x7f@<>(),;:\"\[\]\\]"
EMAIL = rf"{_NOT_SPACE}+@[^\x00-\x20\x7f@<>(),;:\"\[\]\\.]+(?:[.][^\x00-\x20\x7f@<>(),;:\"\[\]\\.]+)+"
EMAIL_LENGTH = 254
"""Longest address that mail can be sent to, in characters (RFC 5321, errata 1690)."""
E164 = "[+][1-9][0-9]{6,14}"
_HOST_CHARACTER = r"[^\x00-\x20\x7f./?#:@<>\"\[\]\\]"
_DOTTED = f"{_HOST_CHARACTER}+(?:[.]{_HOST_CHARACTER}+)+[.]?"
_HOST = rf"(?:{_DOTTED}|{_HOST_CHARACTER}+|\[[0-9a-fA-F:.]+\])"
URL = rf"(?:[Hh][Tt][Tt][Pp][Ss]?://{_HOST}|{_DOTTED})(?::[0-9]{{1,5}})?(?:[/?#][^\x00-\x20\x7f]*)?"
"""An http(s) address, or a host alone: the requirements speak of a host name and show an address."""
CARD = "[0-9](?:[ -]?[0-9]){12,18}"
"""13 to 19 digits, in groups or not: a card number if it passes Luhn's check."""
LOCALE = "[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?"
"""A language, then perhaps a script, then perhaps a country or area: en, en-US, zh_Hans_CN, es-419. The language is
one of ISO 639, in any case; the country one of ISO 3166-1."""
BLANK = r"[\x00-\x20]*"
