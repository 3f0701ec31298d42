"""Writers: they carry out stories against the database, and note in the book what was committed when."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from late.casino import TABLES
from late.engines.base import Connection, Engine
from late.plans import Clock, Dice, Ending, Plan, Savepoint, Stamp, Step, Story, Write
from late.scale import Scale
from late.world import Book, World


@dataclass(slots=True, kw_only=True)
class Writers:
    """So many connections that write until `stop`; `rate` is transactions a real second, all together.

    `tail` is the longest transaction in seconds of the product. `endings` counts how transactions ended.
    """

    engine: Engine
    scale: Scale
    seed: int
    count: int = 16
    rate: float = 150.0
    tail: float = 90.0
    world: World = field(default_factory=World)
    book: Book = field(default_factory=Book)
    endings: Counter[str] = field(default_factory=Counter)
    latest: float = 0.0
    """Real seconds from the oldest stamp of a transaction to the end of its commit, at most."""
    born: float = field(default_factory=time.time)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, players: int = 300, wallets: int = 150, flags: int = 40) -> None:
        """The rows that are there before anybody plays; they are rows like all others."""
        number, now = self.world.number, Stamp(Clock.STATEMENT)
        rows = [Write("players", f"p{number()}", f"v{number()}", now, is_new=True) for _ in range(players)]
        rows += [Write("wallets", f"w{number()}", f"{number()}", now, is_new=True) for _ in range(wallets)]
        rows += [Write("players", f"flag{number()}", "A", now, is_new=True) for _ in range(flags)]
        connection = await self.engine.connect()
        try:
            await self._carry_out(connection, Plan((Step(0.0, tuple(rows)),), 0.0, Ending.COMMIT), self.born)
        finally:
            await connection.close()

    async def run(self) -> None:
        """Writes until `stop`; then what was begun comes to its end."""
        async with asyncio.TaskGroup() as group:
            for number in range(self.count):
                group.create_task(self._writer(number))

    async def _writer(self, number: int) -> None:
        rng = Random(f"{self.seed}/{number}")
        lag = rng.uniform(1, 5) if number % 4 == 0 else 0.0
        dice = Dice(rng, self.world, self.scale, tail=self.tail, two_phase=self.engine.two_phase, lag=lag)
        connection = await self.engine.connect()
        try:
            while not self.stop.is_set():
                story = dice.story()
                connection = await self._tell(connection, story)
                await self._rest(rng.expovariate(self.rate / self.count))
        finally:
            await connection.close()

    async def _tell(self, connection: Connection, story: Story) -> Connection:
        """Carries out a story; after an error the connection is a new one, as an application's would be."""
        began = time.time()
        try:
            for plan in story.plans:
                await asyncio.sleep(plan.before)
                await self._carry_out(connection, plan, began)
        except self.engine.errors as error:
            self.endings[f"failed: {error}"] += 1
            await connection.close()
            connection = await self.engine.connect()
        finally:
            self.world.release(story.keys)
        return connection

    async def _carry_out(self, connection: Connection, plan: Plan, story_began: float) -> None:
        name = f"late-{self.seed}-{self.world.number()}" if plan.ending is Ending.TWO_PHASE else None
        await _run(connection, self.engine.opening(name))
        began = time.time()
        if plan.reads_first:
            await connection.run("select count(*) from wallets")
        kept: list[Write] = []
        oldest = began
        for step in plan.steps:
            await asyncio.sleep(step.pause)
            oldest = min(oldest, await self._step(connection, step, (began, story_began)))
            if step.savepoint is not Savepoint.UNDONE:
                kept += step.writes
        if name is None:
            await asyncio.sleep(plan.after)
        else:
            await _run(connection, self.engine.preparing(name))
            await asyncio.sleep(plan.after)
        self.endings[plan.ending.name.lower()] += 1
        if plan.ending is Ending.ROLLBACK:
            await _run(connection, self.engine.undoing(name))
            return
        committed = time.time()
        await _run(connection, self.engine.committing(name))
        self._note(kept, committed)
        self.latest = max(self.latest, time.time() - oldest)

    async def _step(self, connection: Connection, step: Step, began: tuple[float, float]) -> float:
        """Writes the rows of a step; the oldest of their stamps."""
        oldest = time.time()
        guarded = step.savepoint is not Savepoint.NONE
        if guarded:
            await connection.run("savepoint s")
        for write in step.writes:
            moment = self._moment(write.stamp, began)
            oldest = min(oldest, moment)
            await connection.run(self._sql(write, self._literal(write.stamp, moment)))
        if guarded:
            await connection.run(
                "release savepoint s" if step.savepoint is Savepoint.KEPT else "rollback to savepoint s"
            )
        return oldest

    def _sql(self, write: Write, stamp: str) -> str:
        """One row as a statement; `stamp` is SQL."""
        table = TABLES[write.feed]
        if not write.is_new:
            changed = f"{table.content} = '{write.content}', {table.cursor} = {stamp}"
            return f"update {table.name} set {changed} where id = '{write.key}'"
        values = {"id": f"'{write.row or write.key}'", table.content: f"'{write.content}'", table.cursor: stamp}
        if write.kind is not None:
            values |= {"session_id": f"'{write.key}'", "kind": f"'{write.kind}'"}
        values = dict(table.constants) | values
        return f"insert into {table.name} ({', '.join(values)}) values ({', '.join(values.values())})"

    def _moment(self, stamp: Stamp, began: tuple[float, float]) -> float:
        """When a row says that it was written; `began` are the moments of its transaction and of its story."""
        transaction, story = began
        moment = {
            Clock.STATEMENT: time.time(),
            Clock.TRANSACTION: transaction,
            Clock.APPLICATION: time.time() - stamp.seconds,
            Clock.STORY: story + stamp.seconds,
            Clock.WHOLE: float(int(story + stamp.seconds)),
        }[stamp.clock]
        # Nothing is older than the casino: nobody asks for windows from before it.
        return max(moment, self.born)

    def _literal(self, stamp: Stamp, moment: float) -> str:
        """The stamp as SQL: the database's own clock where it is that."""
        if stamp.clock is Clock.STATEMENT:
            return self.engine.statement_clock
        if stamp.clock is Clock.TRANSACTION and self.engine.transaction_clock is not None:
            return self.engine.transaction_clock
        return self.engine.literal(datetime.fromtimestamp(moment, UTC))

    def _note(self, writes: list[Write], at: float) -> None:
        for write in writes:
            if write.kind is not None:
                self.book.note_action(write.key, write.kind, write.content, at)
                continue
            self.book.note(write.feed, write.key, write.content, at)
            if write.is_new:
                self.world.pools["flags" if write.content == "A" else write.feed].append(write.key)

    async def _rest(self, seconds: float) -> None:
        """Sleeps, but not beyond `stop`."""
        try:
            async with asyncio.timeout(seconds):
                await self.stop.wait()
        except TimeoutError:
            return


async def _run(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        await connection.run(statement)
