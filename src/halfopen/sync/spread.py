"""Many products take turns within the cadence, so that their windows do not all close at once; pure."""

import hashlib
from datetime import timedelta
from typing import Final

LANES_A_SECOND: Final = 20
"""So many feeds come due in the same second where products are spread."""

FEW: Final = 260
"""Up to so many feeds (20 products of 13) windows close with the minute: asked at once they are done within seconds."""

TURNS: Final = 5
"""Over so many cadences re-reads are spread: the shortest span of the default ladder."""


def phase(product: str, lanes: int, cadence: timedelta) -> timedelta:
    """How far the live windows of a product are moved: whole seconds, the same at every start.

    lanes: feeds of all products. A few products are not moved at all: their windows close with the minute, as people
    expect, and as suits products that think in minutes. The phase depends on the product's name, and on how many there
    are; where it changes, one window of each feed is shorter than the others, and nothing is asked twice.
    """
    span = min(int(cadence.total_seconds()), lanes // LANES_A_SECOND)
    if lanes <= FEW or span <= 1:
        return timedelta(0)
    return timedelta(seconds=_number(product) % span)


def lag(product: str, feed: str, lanes: int, cadence: timedelta) -> timedelta:
    """How much later than its ladder says a feed is re-read: some whole cadences, the same at every start.

    The spans of a ladder end for all feeds at once, and each would then be asked twice in the same minute, and but once
    in the four after it.
    """
    return _number(f"{product}\0{feed}") % TURNS * cadence if lanes > FEW else timedelta(0)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
