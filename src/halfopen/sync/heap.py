"""How often Python looks for garbage in cycles while many lanes are at work.

A full collection walks through everything that lives, and nothing is asked meanwhile: with thousands of lanes for a
good part of a second. What an ask makes lives for a second or two until it is stored, so Python takes it for old, and
by its own measure looks through all of it every few seconds. The objects of an ask are freed without the collector.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (5_000, 10, 50)
"""Objects more than before, that make it look at the young ones; how often that, that makes it look at those that
outlived it; how often that in turn for all, so that at most 2,500,000 objects in cycles wait to be freed."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Fewer full collections in this process as long as it lasts."""
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
