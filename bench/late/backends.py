"""What the backends of a PostgreSQL on this machine use of the processor."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

_CLIENTS = "select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"


@dataclass
class Backends:
    """Processor seconds of the server's backends that are not ours; parallel workers count through the postmaster."""

    url: str
    used: float = 0.0
    _seen: dict[int, tuple[float, float]] = field(default_factory=dict)

    @asynccontextmanager
    async def watched(self, ours: Callable[[], set[int]]) -> AsyncIterator[None]:
        """`used` holds what was used inside."""
        connection = await asyncpg.connect(self.url, statement_cache_size=0)
        mine = await connection.fetchval("select pg_backend_pid()")
        parent = _parent(mine)
        reaped = _reaped(parent)

        async def look() -> None:
            for row in await connection.fetch(_CLIENTS):
                if row["pid"] not in ours() | {mine}:
                    used = _used(row["pid"])
                    first, _ = self._seen.get(row["pid"], (used, used))
                    self._seen[row["pid"]] = first, used

        async def again() -> None:
            while True:
                await look()
                await asyncio.sleep(0.5)

        task = asyncio.create_task(again())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await look()
            self.used = sum(last - first for first, last in self._seen.values()) + _reaped(parent) - reaped
            await connection.close()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _used(pid: int) -> float:
    """Seconds on a processor, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _reaped(pid: int) -> float:
    """Seconds of this process's children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
