"""Tests that load the whole machine take turns, whatever worker runs them."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone() -> Iterator[None]:
    """Waits until no other test is in such a context."""
    with (Path(tempfile.gettempdir()) / "halfopen-tests-alone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
