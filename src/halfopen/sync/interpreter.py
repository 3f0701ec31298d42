"""How Python itself is set while many lanes are at work: so that nothing keeps the event loop from asking on time.

A full collection walks through everything that lives, and nothing is asked meanwhile: 0.3 s with 6,500 lanes. What an
ask makes lives for a second or two until it is stored, so Python takes it for old, and by its own measure looks through
all of it every 7 s; then 4 of 100 windows are asked late. All but a few of the objects of an ask are freed without
the collector, which so far has found nothing at all in a full collection.

A thread that looks at rows keeps Python to itself for 5 ms before it lets the event loop go on, each time that the loop
has waited for something.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (5_000, 10, 50)
"""Objects more than before, that make it look at the young ones; how often that, that makes it look at those that
outlived it; how often that in turn for all, so that at most 2,500,000 objects in cycles wait to be freed."""
SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python to itself while another one waits for it."""


@contextmanager
def responsive() -> Iterator[None]:
    """Fewer full collections and shorter turns of threads in this process, as long as it lasts."""
    thresholds, switch = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(*THRESHOLDS)
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(switch)
