"""The machine's clock, for the rim: whatever is inside takes the time as an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time as an aware UTC datetime."""
    return datetime.now(UTC)
