"""One kind, one `Check`: the SQL expressions that read a text of that kind in DuckDB, and judge it.

`doubt` is cheap and runs on every row: true for a text that needs a second look, false for most good ones, never
null unless the text is. `typed` is the value in its mirror type, null where the text cannot be read. `codes` are
dear and run on doubtful texts alone: the first condition that holds names the finding; it may refer to the typed
value by the word `VALUE`. All of them agree with `contract/values.py`, which a property test holds them to.

Lists of words are one text that DuckDB splits into a hash table: measured on two lists of 600 words, a look-up costs
25 ns. A list of constants costs 50 ns and 4 ms to parse; a cast to ENUM 40 ns, but 33,000 ns for each text that is
not among the words, since it looks for similar ones to print in an error that nobody sees.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from halfopen.contract import grammar, vocabulary
from halfopen.contract.model import Field, Kind
from halfopen.contract.sql import literal

_MICROSECOND = "9999-12-31 23:59:59.999999"
_FEW = 16
"""Words that a list of constants finds faster than a hash table, measured."""
VALUE = "{value}"
"""Stands in a condition of `codes` for the identifier of the typed value."""
_BAR = "|"
"""Separates the words of a list; none of ours holds it."""


@dataclass(frozen=True, slots=True)
class Check:
    """SQL about one column: `doubt`, the (code, condition) pairs in order, and the value `typed`.

    sound: the value, for less, where there is no finding about any text of the column.
    """

    doubt: str
    codes: tuple[tuple[str, str], ...]
    typed: str
    sound: str


def check(field: Field, column: str) -> Check:
    """The check of a field, of a text that is neither null nor empty; `column` is its quoted identifier."""
    return _BY_KIND[field.kind](field, column)


def matches(column: str, pattern: str) -> str:
    """Whether the whole text matches a pattern of `contract/grammar.py`."""
    return f"regexp_full_match({column}, {literal(pattern)})"


def among(column: str, words: Iterable[str]) -> str:
    """Whether the text is one of the words; null for null."""
    ordered = sorted(words)
    if len(ordered) <= _FEW:
        return f"{column} IN ({', '.join(map(literal, ordered))})"
    return f"{column} IN (SELECT unnest(string_split({literal(_BAR.join(ordered))}, {literal(_BAR)})))"


def _datetime(_: Field, column: str) -> Check:
    plain = _plain(column, "TIMESTAMP", 19)
    zoned = f"CASE WHEN {matches(column, grammar.NAIVE)} THEN {column} || 'Z' ELSE {column} END"
    # TIMESTAMP ignores an offset in the text, TIMESTAMPTZ applies it; epoch_us needs no session time zone.
    moment = f"make_timestamp(epoch_us(TRY_CAST({zoned} AS TIMESTAMPTZ)))"
    readable = f"{matches(column, grammar.MOMENT)} AND NOT {_zero(column)}"
    within = f"BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '{_MICROSECOND}'"
    typed = (
        f"CASE WHEN {plain} THEN TRY_CAST({column} AS TIMESTAMP)"
        f" WHEN {readable} AND {moment} {within} THEN {moment} END"
    )
    codes = (("invalid_datetime", f"{VALUE} IS NULL"), ("datetime_not_plain", "true"))
    return Check(f"NOT ({plain})", codes, typed, f"TRY_CAST({column} AS TIMESTAMP)")


def _date(_: Field, column: str) -> Check:
    plain = _plain(column, "DATE", 10)
    sound = f"TRY_CAST({column} AS DATE)"
    return Check(f"NOT ({plain})", (("invalid_date", "true"),), f"CASE WHEN {plain} THEN {sound} END", sound)


def _plain(column: str, target: str, length: int) -> str:
    """Whether the value prints as the very text: nothing that DuckDB reads leniently does."""
    cast = f"TRY_CAST({column} AS {target})::VARCHAR IS NOT DISTINCT FROM {column}"
    return f"{cast} AND strlen({column}) = {length} AND NOT {_zero(column)}"


def _zero(column: str) -> str:
    return "(" + " OR ".join(f"starts_with({column}, {literal(zero)})" for zero in grammar.ZERO_DATES) + ")"


def _integer(_: Field, column: str) -> Check:
    sound = f"TRY_CAST({column} AS BIGINT)"
    typed = f"CASE WHEN {matches(column, grammar.INTEGER)} THEN {sound} END"
    doubt = f"NOT {matches(column, grammar.PLAIN_INTEGER)}"
    return Check(doubt, (("invalid_number", f"{VALUE} IS NULL"),), typed, sound)


def _decimal(_: Field, column: str) -> Check:
    sound = f"TRY_CAST({column} AS DECIMAL(38,18))"
    typed = f"CASE WHEN {matches(column, grammar.DECIMAL)} THEN {sound} END"
    doubt = f"NOT {matches(column, grammar.DECIMAL)}"
    return Check(doubt, (("invalid_number", f"{VALUE} IS NULL"),), typed, sound)


def _boolean(_: Field, column: str) -> Check:
    folded = f"lower({column})"
    known = among(folded, (*grammar.TRUE, *grammar.FALSE))
    typed = f"CASE WHEN {known} THEN {among(folded, grammar.TRUE)} END"
    return Check(f"NOT ({known})", (("invalid_boolean", "true"),), typed, typed)


def _choice(field: Field, column: str) -> Check:
    spelled = {word for canonical, others in field.values.items() for word in (canonical, *others)}
    known = among(f"lower({column})", vocabulary.words(field))
    return Check(f"NOT ({among(column, spelled)})", (("enum_case", known), ("invalid_enum", "true")), column, column)


def _currency(_: Field, column: str) -> Check:
    folded = f"lower({column})"
    codes = (("unsupported_crypto", among(folded, vocabulary.other_coins())), ("invalid_currency", "true"))
    return Check(f"NOT ({among(folded, vocabulary.currencies())})", codes, column, column)


def _country(_: Field, column: str) -> Check:
    known = among(f"lower({column})", vocabulary.countries())
    return Check(f"NOT ({known})", (("invalid_country", "true"),), column, column)


def _timezone(_: Field, column: str) -> Check:
    return Check(f"NOT ({among(column, vocabulary.timezones())})", (("invalid_timezone", "true"),), column, column)


def _ip(_: Field, column: str) -> Check:
    """IPv6 is counted rather than spelled out: an expression for every place of `::` takes 4 ms to compile."""
    address = f"split_part({column}, '%', 1)"
    colons = f"strlen({address}) - strlen(replace({address}, ':', ''))"
    groups = f"{colons} + CASE WHEN contains({address}, '.') THEN 1 ELSE 0 END"
    edges = " - ".join(f"CASE WHEN {edge}({address}, '::') THEN 1 ELSE 0 END" for edge in ("starts_with", "ends_with"))
    whole = f"{matches(column, grammar.IPV6_WHOLE)} AND {groups} + 1 = {grammar.IPV6_GROUPS}"
    cut = f"{matches(column, grammar.IPV6_CUT)} AND {groups} - {edges} < {grammar.IPV6_GROUPS}"
    doubt = f"CASE WHEN {matches(column, grammar.IPV4)} THEN false ELSE NOT (({whole}) OR ({cut})) END"
    return Check(doubt, (("invalid_ip", "true"),), column, column)


def _locale(_: Field, column: str) -> Check:
    """Most are `en` or `en_US`, whose parts stand in fixed places; any other shape is taken apart."""
    languages, regions = vocabulary.languages(), vocabulary.regions()
    short = (
        f"{among(f'left({column}, 2)', languages)} AND (strlen({column}) = 2 OR (strlen({column}) = 5"
        f" AND {column}[3] IN ('_', '-') AND {among(f'right({column}, 2)', regions)}))"
    )
    language = f"lower(regexp_extract({column}, '^[A-Za-z]+'))"
    region = f"upper(regexp_extract({column}, '[-_]([A-Za-z]{{2}})$', 1))"
    known = f"{matches(column, grammar.LOCALE)} AND {among(language, languages)} AND {among(region, ('', *regions))}"
    return Check(f"NOT ({short})", (("invalid_locale", f"NOT ({known})"),), column, column)


def _email(_: Field, column: str) -> Check:
    doubt = f"NOT {matches(column, grammar.EMAIL)} OR length({column}) > {grammar.EMAIL_LENGTH}"
    return Check(doubt, (("invalid_email", "true"),), column, column)


def _phone(_: Field, column: str) -> Check:
    return Check(f"NOT {matches(column, grammar.E164)}", (("phone_not_e164", "true"),), column, column)


def _url(_: Field, column: str) -> Check:
    return Check(f"NOT {matches(column, grammar.URL)}", (("invalid_url", "true"),), column, column)


def _string(_: Field, column: str) -> Check:
    return Check("false", (), column, column)


_BY_KIND: dict[Kind, Callable[[Field, str], Check]] = {
    Kind.STRING: _string,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.BOOLEAN: _boolean,
    Kind.DATETIME: _datetime,
    Kind.DATE: _date,
    Kind.CHOICE: _choice,
    Kind.CURRENCY: _currency,
    Kind.COUNTRY: _country,
    Kind.LOCALE: _locale,
    Kind.TIMEZONE: _timezone,
    Kind.IP: _ip,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.URL: _url,
}
