"""When a single pass ends though not all is asked: where nothing comes of asking on."""

from typing import Final

from halfopen.sync.width import Width

MOST: Final = 6
"""Failures in a row, of one feed: as many as the breaker of a product takes, which does not count a 400."""


class Patience:
    """Of one pass of one feed.

    A product that is down, or refuses whatever it is asked, would else be asked for each window of the backlog, and
    leave as many holes. What is not asked stays owed, and is asked in wide windows when the product is back.
    """

    def __init__(self) -> None:
        self._vain = 0

    @property
    def is_over(self) -> bool:
        """Whether to leave the rest to another pass."""
        return self._vain >= MOST

    def asked(self, before: Width, after: Width, *, failed: bool) -> None:
        """A request was made; one that failed is not in vain where narrower windows are tried for it from now on."""
        if not failed:
            self._vain = 0
        elif after.length >= before.length:
            self._vain += 1
