"""What happens to servers in the middle of it: kill -9 during answers, and the loss of their state."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from late.pollers import Poller
from late.servers import Server


@dataclass(slots=True)
class Killer:
    """Kills one server after the other at random moments shortly after windows end, when it is answering."""

    servers: Sequence[Server]
    pollers: Sequence[Poller]
    rng: Random
    every: float
    """Real seconds between two kills, about."""
    kills: int = 0
    cut: int = 0
    """Requests that were under way when it happened."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until the writers have stopped; every server runs again then."""
        while not stop.is_set():
            await asyncio.sleep(self.rng.uniform(0.5, 1.5) * self.every)
            server = self.servers[self.kills % len(self.servers)]
            width = self.pollers[0].horizon.width.total_seconds()
            # Answers begin at a window's end and are soon over.
            await asyncio.sleep(width - time.time() % width + self.rng.uniform(0, 0.08))
            self.cut += sum(poller.asking for poller in self.pollers)
            await server.kill()
            self.kills += 1
            await server.start()


@dataclass(slots=True)
class Thief:
    """Takes the state of a server away once, and starts it again without."""

    server: Server
    state: Path
    after: float
    warnings: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """At `after` real seconds from now; `warnings` is what the server said about it."""
        await asyncio.sleep(self.after)
        await self.server.kill()
        said = self.server.log.stat().st_size
        for path in self.state.parent.glob(f"{self.state.name}*"):
            path.unlink()
        await self.server.start()
        await asyncio.sleep(2)
        lines = self.server.log.read_bytes()[said:].decode().splitlines()
        self.warnings = [line for line in lines if '"level":"warning"' in line]
