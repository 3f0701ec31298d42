"""How long one feed is left alone after an ask of it has failed."""

import random
from datetime import UTC, datetime, timedelta

from halfopen.sync import backoff

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Trouble:
    """One feed's, from failure to failure; `dice` gives the jitter. Moments are aware UTC.

    failures: how many in a row. quiet_until: a time that the product named, before which nothing is asked.
    calm_until: before it nothing is asked but the newest window.
    """

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.failures = 0
        self.quiet_until = self.calm_until = _LONG_AGO

    def failed(self, now: datetime, attempts: int, named: timedelta | None) -> datetime:
        """An ask failed, the one of so many for its window; when that is asked again. named: as in `backoff.delay`."""
        self.failures += 1
        next_try = now + backoff.delay(attempts, self._dice.random(), named)
        self.calm_until = now + backoff.delay(self.failures, self._dice.random())
        if named is not None:
            self.quiet_until = next_try
        return next_try

    def over(self) -> None:
        """An answer was committed; a time that the product named is kept to all the same."""
        self.failures = 0
        self.calm_until = self.quiet_until
