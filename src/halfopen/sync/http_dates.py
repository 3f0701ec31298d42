"""Moments in the headers of answers, which may name any: none of them may stop who reads it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

MOST_OFF: Final = timedelta(days=1)
"""A Date that is further from our clock than this is no clock."""
_LONGEST: Final = timedelta(seconds=10**9)


def http_date(text: str) -> datetime | None:
    """An HTTP date as an aware UTC moment; None for what is none, or lies outside of time."""
    found = _parsed(text)
    try:
        return found if found is None else found.astimezone(UTC)
    except OverflowError:
        return None


def believed(date: datetime | None, now: datetime) -> datetime | None:
    """A product's Date, unless it cannot be right."""
    return date if date is not None and abs(date - now) <= MOST_OFF else None


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date, as the wait from `now`; None where it is neither. What lies behind is no wait."""
    if header is None:
        return None
    text = header.strip()
    digits = text.removeprefix("-").removeprefix("+")
    if digits.isascii() and digits.isdigit():
        return timedelta(0) if text.startswith("-") else _seconds(digits)
    at = _parsed(text)
    return None if at is None else max(at - now, timedelta(0))


def _parsed(text: str) -> datetime | None:
    """In whatever zone it says: there the last hours of time can still be counted with."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _seconds(digits: str) -> timedelta:
    """Thousands of digits are no number for Python, so they are counted first."""
    significant = digits.lstrip("0") or "0"
    return _LONGEST if len(significant) > len("999999999") else timedelta(seconds=int(significant))
