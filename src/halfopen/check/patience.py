"""How often a feed is asked that does not answer, turns every request away, or leads elsewhere."""

from collections import Counter
from typing import Final

from halfopen.check.case import Case
from halfopen.check.exchange import Exchange

BUSY: Final = frozenset({429, 503})
TIMED_OUT: Final = "timed out"
"""What an exchange's error says when nothing came in time."""
MOST_TIMED_OUT: Final = 2
MOST_REFUSED: Final = 3
"""So many refusals of one feed in a row."""
MOST_ASTRAY: Final = 2
"""So many redirects of one feed in a row that led to no answer."""
_ASTRAY_AT_FIRST: Final = 5
"""Once so many requests have been led astray, and no other was answered otherwise, nothing is asked any more."""
REDIRECTION: Final = range(300, 400)

_LAST_PROBE: Final = "empty"
"""What each feed is asked once the windows around its own stamps have been."""


def was_sent_away(case: Case) -> bool:
    """Whether a product refused to answer before most of its feeds had been asked what they are judged by."""
    polls = [e for e in case.exchanges if e.credentials == "right"]
    seen = sum(bool(feed.probed(_LAST_PROBE)) for feed in case.offered)
    return bool(polls) and polls[-1].status in BUSY and seen * 2 < len(case.offered)


class Patience:
    """What was asked of each feed in vain."""

    def __init__(self) -> None:
        self._timed_out: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._astray: Counter[str] = Counter()
        self._arrived = False
        self.lost = ""
        """Why nothing is asked any more: every request was led astray; empty otherwise."""

    def ended(self, feed: str) -> str:
        """Why a feed is not asked any more; empty while it is."""
        if self._timed_out[feed] >= MOST_TIMED_OUT:
            return f"{feed} timed out {MOST_TIMED_OUT} times"
        if self._refused[feed] >= MOST_REFUSED:
            return f"{feed} was refused {MOST_REFUSED} times in a row"
        if self._astray[feed] >= MOST_ASTRAY:
            return f"{feed} redirected {MOST_ASTRAY} times in a row, and to no answer"
        return ""

    def seen(self, feed: str, exchange: Exchange) -> None:
        """Told of every exchange; all feeds are refused easily when they are asked in the same moment."""
        self._timed_out[feed] += exchange.error == TIMED_OUT
        if exchange.credentials == "right" and exchange.probe != "burst":
            self._refused[feed] = self._refused[feed] + 1 if exchange.status in BUSY else 0
        if exchange.credentials == "right" and exchange.status is not None:
            self._led(feed, is_astray=exchange.status in REDIRECTION)

    def _led(self, feed: str, *, is_astray: bool) -> None:
        self._astray[feed] = self._astray[feed] + 1 if is_astray else 0
        self._arrived |= not is_astray
        if not self._arrived and self._astray.total() >= _ASTRAY_AT_FIRST:
            self.lost = "every request is redirected, and to no answer"
