"""How long to wait before a failed window is asked again."""

from datetime import timedelta

FIRST = timedelta(seconds=1)
MOST = timedelta(seconds=60)
# A product that names its own time is believed up to here; beyond it, asking once an hour harms nobody.
MOST_NAMED = timedelta(hours=1)


def delay(attempts: int, jitter: float, named: timedelta | None = None) -> timedelta:
    """After `attempts` failures: 1 s, 2 s, 4 s ... 60 s, of which `jitter` (0 to 1) spreads the second half.

    `named` is what the product said in Retry-After: never earlier than that, and at most an hour.
    """
    doublings = min(max(attempts - 1, 0), 16)
    whole = min(FIRST * (1 << doublings), MOST)
    spread = whole * (0.5 + jitter / 2)
    return spread if named is None else max(spread, min(named, MOST_NAMED))
