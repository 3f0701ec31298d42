"""An address that keeps on presenting wrong credentials waits, longer each time, but never for hours."""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol, TypeVar

T = TypeVar("T")

_IPV6_SITE: Final = 64
_LONGEST_NAME: Final = 64

_OVERTAKEN_SECONDS: Final = 60.0
"""Threads and workers check credentials at once: a try may be counted after a later one, and is no clock set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All times in seconds.

    A mistyped password polls 13 feeds a minute: it is locked out within two minutes, and once mended waits at most
    five. A guesser has twenty tries, then one every five minutes.
    """

    failures: int = 20
    """That many within `span` lock the address out."""
    span: float = 300.0
    first_lock: float = 10.0
    """Doubled with each further failure, up to `longest_lock`."""
    longest_lock: float = 300.0
    forgotten_after: float = 1800.0
    """Without a failure for so long, an address begins anew."""
    slow_after: int = 10
    """From this failure on the refusal is held back for `first_delay`, doubled each time, up to `longest_delay`."""
    first_delay: float = 0.25
    longest_delay: float = 2.0
    addresses: int = 10_000
    """The most that are remembered; the ones unheard of for longest are forgotten first."""


@dataclass(slots=True)
class Record:
    """Of one address; times in seconds of the same clock."""

    count: int = 0
    began: float = 0.0
    last: float = 0.0
    locks: int = 0
    locked_at: float = 0.0
    lock: float = 0.0


class Records(Protocol):
    """Where records are kept."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def get(self, name: str) -> Record | None:
        """The record of an address, or None."""
        ...

    def change(self, name: str, how: Callable[[Record], T], most: int) -> T:
        """Changes a record, a new one where there is none; of more than `most` the one last heard of goes."""
        ...

    def drop(self, name: str) -> None:
        """Forgets an address."""
        ...


class OwnRecords:
    """The records of one process."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, Record] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    def get(self, name: str) -> Record | None:
        """The record of an address, or None."""
        return self._records.get(name)

    def change(self, name: str, how: Callable[[Record], T], most: int) -> T:
        """Changes a record, a new one where there is none; of more than `most` the one last heard of goes."""
        record = self._records.setdefault(name, Record())
        self._records.move_to_end(name)
        if len(self._records) > most:
            self._records.popitem(last=False)
        return how(record)

    def drop(self, name: str) -> None:
        """Forgets an address."""
        self._records.pop(name, None)


class Lockout:
    """One state machine an address; an IPv6 /64 counts as one. `now` in seconds of a monotonic clock."""

    def __init__(self, limits: Limits | None = None, records: Records | None = None) -> None:
        self._limits = limits or Limits()
        self._records = OwnRecords() if records is None else records

    def __len__(self) -> int:
        return len(self._records)

    def wait(self, address: str, now: float) -> float:
        """Seconds for which this address is still locked out; 0 when it may try. Asking does not lengthen it."""
        record = self._records.get(group(address))
        if record is None or not record.lock:
            return 0.0
        # Never more than the lock's own length, whatever the clock did.
        return max(0.0, min(record.locked_at + record.lock - now, record.lock))

    def failed(self, address: str, now: float) -> float:
        """Counts a wrong try; returns the seconds for which to hold its refusal back."""
        return self._records.change(group(address), lambda record: self._counted(record, now), self._limits.addresses)

    def succeeded(self, address: str, now: float) -> None:  # noqa: ARG002 - the same call as `failed`
        """Forgives everything."""
        self._records.drop(group(address))

    def _counted(self, record: Record, now: float) -> float:
        limits = self._limits
        if record.last - _OVERTAKEN_SECONDS <= now < record.last:
            now = record.last
        if not 0 <= now - record.last <= limits.forgotten_after + record.lock:
            record.count, record.locks, record.lock = 0, 0, 0.0
        if not record.count or (not record.locks and now - record.began > limits.span):
            record.count, record.began = 0, now
        record.count += 1
        record.last = now
        if record.locks or record.count >= limits.failures:
            # Bounded, so that 2 ** locks stays a number.
            record.locks = min(record.locks + 1, 32)
            record.lock = min(limits.first_lock * 2.0 ** (record.locks - 1), limits.longest_lock)
            record.locked_at = now
        return self._delay(record.count)

    def _delay(self, count: int) -> float:
        beyond = count - self._limits.slow_after
        if beyond < 0:
            return 0.0
        return min(self._limits.first_delay * 2.0 ** min(beyond, 32), self._limits.longest_delay)


@lru_cache(maxsize=1024)
def group(address: str) -> str:
    """What counts as one: an IPv4 address, an IPv6 /64; an IPv4-mapped address is its IPv4 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_LONGEST_NAME]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), _IPV6_SITE), strict=False))
