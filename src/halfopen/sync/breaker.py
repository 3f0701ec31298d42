"""A product that is down is left in peace: one request at a time asks whether it is back. Pure: time comes in.

Closed: everybody may ask. After `PATIENCE` failures in a row, over all feeds, it is open: nobody asks until a while has
passed; then it is half-open: one request goes out as a probe. Its answer closes the breaker, its failure doubles the
while. What comes due meanwhile stays owed, and is asked in wide windows when the product is back.
"""

from datetime import datetime, timedelta
from typing import Final

from halfopen.sync.refusal import Refusal

PATIENCE: Final = 6
"""Failures in a row, over all feeds of a product: fewer happen by chance where one answer in five is broken."""
FIRST: Final = timedelta(seconds=1)
MOST: Final = timedelta(seconds=30)
PROBING: Final = timedelta(seconds=1)
"""How often somebody who waits for a probe looks again."""
LOST: Final = timedelta(minutes=10)
"""A probe that was never sent does not keep the others out for longer."""
_NOT_LET_IN: Final = {401, 403, 407, 429}
_OK: Final = 200
_SERVER_ERROR: Final = 500


class Breaker:
    """Of one product; moments are aware UTC."""

    def __init__(self) -> None:
        self._failures = 0
        self._wait = FIRST
        self._open_until: datetime | None = None
        self._probe_since: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the product is taken for down."""
        return self._open_until is not None

    def lets(self, now: datetime) -> bool:
        """Whether a request may go out."""
        return self.until(now) <= now

    def until(self, now: datetime) -> datetime:
        """When to look again; `now` where a request may go out."""
        if self._open_until is None:
            return now
        if self._probe_since is not None and now < self._probe_since + LOST:
            return now + PROBING
        return max(self._open_until, now)

    def asked(self, now: datetime) -> None:
        """A request goes out."""
        if self._open_until is not None:
            self._probe_since = now

    def answered(self) -> None:
        """The product answers, whatever."""
        self._failures = 0
        self._wait = FIRST
        self._open_until = self._probe_since = None

    def dropped(self) -> None:
        """A request ended without telling anything."""
        self._probe_since = None

    def refused(self, refusal: Refusal, now: datetime, jitter: float) -> None:
        """A request failed; `jitter` (0 to 1) spreads the second half of the while."""
        if not speaks_of_the_product(refusal):
            self.answered()
            return
        self._failures += 1
        if self._open_until is not None and self._probe_since is None:
            return  # asked before the others failed
        if self._failures >= PATIENCE:
            self._open_until = now + self._wait * (0.5 + jitter / 2)
            self._wait = min(self._wait * 2, MOST)
        self._probe_since = None


def speaks_of_the_product(refusal: Refusal) -> bool:
    """Whether a failure tells of the whole product rather than of one answer: it is down, or lets nobody in."""
    status = refusal.status
    timed_out = status == _OK and refusal.narrower and not refusal.too_big
    return status is None or status in _NOT_LET_IN or status >= _SERVER_ERROR or timed_out
