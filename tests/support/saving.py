"""A process that seals: `python -m support.saving URL NAME LAST` saves the next number of one feed until LAST is there.

It prints each number that `save` said was kept, and what it lifted is named by NAME and the number.
"""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from halfopen.config.urls import database_url
from halfopen.serve.seal.opening import open_store
from halfopen.serve.seal.state import Base, Seal
from halfopen.sources.sealing import Detector, Lift, Mark

T0 = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FEED = "wallets"
FIRST = Seal(
    feed=FEED,
    number=0,
    horizon=T0,
    mark=Mark(system="7001/1", oldest=90, next=2**40, replica=True),
    detector=Detector.SET,
    base=Base(at=T0, since=T0 - 15 * MINUTE),
)


def digest(name: str, number: int) -> bytes:
    """What a process of that name lifts with that number."""
    return f"{name:>4}{number:012}".encode()


def seal(name: str, number: int) -> Seal:
    """The seal of that number; another one with each name."""
    return replace(FIRST, number=number, horizon=T0 + number * MINUTE, seen={digest(name, n): 1 for n in range(1000)})


async def _save(url: str, name: str, last: int) -> None:
    store = open_store(database_url(url, Path("/")))
    while True:
        found = await store.load(FEED)
        number = found.number + 1 if found else 1
        if number > last:
            break
        made = seal(name, number)
        lift = Lift(digest(name, number), T0, made.horizon)
        replaces = found.number if found else None
        if await store.save(made, [lift], replaces=replaces, forget_before=T0):
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
    await store.close()


if __name__ == "__main__":
    asyncio.run(_save(sys.argv[1], sys.argv[2], int(sys.argv[3])))
