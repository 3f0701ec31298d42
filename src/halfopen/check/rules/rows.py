"""Rules about values, one for every code of the contract's judge: there is no second judge."""

from functools import partial

from halfopen.check.case import FeedCase
from halfopen.check.finding import Severity
from halfopen.check.rows import Violation, violations_of
from halfopen.check.rule import PASS, Outcome, Rule, failed, feed_rule
from halfopen.check.sample import Id, Sample, key
from halfopen.check.telling import holder, identifies, quoted, without_rows
from halfopen.contract import codes

_FEWEST = {"float_noise": 3}
"""Long fractions look like noise by chance, once in many thousands."""
_FIXES = {
    "required_field_missing": ("Send the field in every row.", '{"id": "1", "currency": "EUR"}', '{"id": "1"}'),
    "required_field_empty": ("Send a value.", "EUR", "(blank)"),
    "invalid_datetime": ("Write YYYY-MM-DD HH:MM:SS, null for none.", "2026-01-01 07:00:00", "0000-00-00 00:00:00"),
    "invalid_date": ("Write YYYY-MM-DD, and null for no day.", "1985-07-10", "10.07.1985"),
    "invalid_number": ("Write plain decimals with a point.", "1234.50", "1,234.50"),
    "invalid_boolean": ("Write true or false, or 1 or 0.", "true", "on"),
    "invalid_enum": ("Use one of the document's words.", "Success", "Paid"),
    "enum_case": ("Write the word as the document does.", "Success", "SUCCESS"),
    "invalid_currency": ("Send the code of ISO 4217, or of a supported coin.", "EUR", "EURO"),
    "unsupported_crypto": ("Send only coins of the document's list.", "USDT", "DASH"),
    "invalid_country": ("Send two letters of ISO 3166-1, or the country's name.", "LV", "Atlantis"),
    "invalid_ip": ("Send one IPv4 or IPv6 address.", "203.0.113.7", "203.0.113.7, 10.0.0.1"),
    "invalid_timezone": ("Send a name of the IANA database.", "Europe/Riga", "GMT+2 Riga"),
    "invalid_locale": ("Send a language of ISO 639, with a country or not.", "en_US", "english"),
    "invalid_email": ("Send one address, null for none.", "a@example.com", "n/a"),
    "phone_not_e164": ("Send numbers with + and the country's code.", "+37120000000", "2000 0000"),
    "invalid_url": ("Send a host name or an http address.", "space-vegas.com", "-"),
    "id_whitespace": ("Trim identifiers.", "17", "17 "),
    "unmasked_requisite": ("Mask card numbers: all but the last four digits.", "************1111", "4111..."),
    "negative_amount": ("Send amounts without a sign; the direction is a field of its own.", "50", "-50"),
    "below_minimum": ("Send decimal odds.", "1.50", "-200"),
    "count_without_amount": ("Count and sum the same actions.", "3 bets, 1.50", "3 bets, 0"),
    "created_after_updated": ("Set both stamps by one clock.", "07:00, then 07:05", "07:05, then 07:00"),
    "float_noise": ("Keep money in decimals.", "0.3", "0.30000000000000004"),
    "datetime_not_plain": ("Write YYYY-MM-DD HH:MM:SS.", "2026-01-01 07:00:00", "2026-01-01T07:00:00Z"),
}  # fmt: skip


def _judge(code: str, feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    found = violations_of(feed).get(code, [])
    if code in {"required_field_missing", "required_field_empty"}:
        # A catalogue's missing cursor has a rule of its own, and so has any feed's.
        found = [one for one in found if feed.has_cursor or one.field != feed.feed.cursor]
    if len(found) < _FEWEST.get(code, 1):
        return PASS
    fields = sorted({one.field for one in found})
    severity = min((Severity(codes.severity(code, feed.name, field)) for field in fields), key=lambda s: s.rank)
    return failed(
        f"{codes.DOC[code]}: {', '.join(fields)}",
        seen=holder(feed, found[0].row),
        count=len(found),
        samples=[_line(one, feed) for one in found[:50]],
        severity=severity,
    )


def _line(one: Violation, feed: FeedCase) -> Sample:
    is_id = one.value is not None and identifies(feed.feed, one.field)
    text = quoted(one.value)
    return Sample(key(one.row.key), f": {one.field} = ", Id(text) if is_id else text)


def _rule(code: str, severity: str) -> Rule:
    fix, good, bad = _FIXES.get(code, ("See the document's table of the feed.", "", ""))
    return feed_rule(
        code,
        Severity(severity),
        partial(_judge, code),
        family="rows",
        doc=codes.DOC[code][0].upper() + codes.DOC[code][1:] + ".",
        fix=fix,
        good=good,
        bad=bad,
        section="Endpoints Overview",
    )


RULES = tuple(_rule(code, severity) for code, severity in codes.SEVERITY.items())
