"""Remembers what was signed, so that nobody sends it again."""

import heapq
import threading
from typing import Final, Protocol

CAPACITY: Final = 20_000
"""About 5 MB; 13 feeds in backfill at 5 requests a second each fill it in five minutes."""


class Memory(Protocol):
    """Whatever remembers signatures."""

    def is_first(self, key: bytes, stamp: int, until: int) -> bool:
        """Whether `key`, stamped `stamp`, is new; it is remembered. What is stamped before `until` is forgotten."""
        ...


class Replays:
    """The signatures of the last minutes, in bounded memory.

    What is forgotten leaves a floor behind: nothing stamped at or before it is taken any more. So whatever happens to
    the clock or to the memory, a signature is never taken twice; the worst is that an old one is refused unseen.
    The memory is that of one process; several behind one port use `halfopen.auth.shared`.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._seen: set[bytes] = set()
        self._oldest: list[tuple[int, bytes]] = []
        self._floor = -1
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._seen)

    def is_first(self, key: bytes, stamp: int, until: int) -> bool:
        """Whether `key`, stamped `stamp`, is new; it is remembered. What is stamped before `until` is forgotten."""
        with self._lock:
            while self._oldest and self._oldest[0][0] < until:
                self._forget()
            if stamp <= self._floor or key in self._seen:
                return False
            heapq.heappush(self._oldest, (stamp, key))
            self._seen.add(key)
            if len(self._seen) > self._capacity:
                self._forget()
            return True

    def _forget(self) -> None:
        stamp, key = heapq.heappop(self._oldest)
        self._seen.discard(key)
        self._floor = max(self._floor, stamp)
