"""The product's clock against ours, from the Date header: a window is over when it is over there."""

from datetime import timedelta

from halfopen.sync.fetched import Fetched
from halfopen.sync.planner import SECOND
from halfopen.sync.refusal import Refusal
from halfopen.window.window import Window

# A Date that is off by more is no clock but a cache, and tells nothing.
MOST = timedelta(minutes=5)
# A Date has whole seconds, cut down, and servers write it anew once a second only.
COARSE = 2 * SECOND
_OK = 200


def behind(fetched: Fetched) -> timedelta:
    """How far the product's clock may be behind ours, where it is for certain."""
    if fetched.server_date is None:
        return timedelta(0)
    length = fetched.asked_at - fetched.server_date
    return length if COARSE < length <= MOST else timedelta(0)


def demand_over(window: Window, fetched: Fetched, where: str) -> None:
    """Refuse an answer that came before the window was over by the product's own clock: rows may still come."""
    clock = fetched.server_date
    if clock is not None and behind(fetched) and clock + COARSE <= window.end:
        raise Refusal(
            f"{where} {window}: the product's clock has not reached the end of the window"
            f" ({clock:%Y-%m-%d %H:%M:%S}); it is asked again when it has",
            status=_OK,
            retry_after=max(window.end - clock, SECOND),
        )
    if not fetched.final:
        raise Refusal(
            f"{where} {window}: the product says that the window is not over; it is asked again",
            status=_OK,
            retry_after=SECOND,
        )
