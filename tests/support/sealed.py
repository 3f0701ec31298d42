"""Sealed windows over a real PostgreSQL for tests: an hour of the past in which windows can be asked and sealed."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from halfopen.config.urls import database_url
from halfopen.contract.load import feed
from halfopen.contract.model import Kind
from halfopen.serve.mapping import Offer
from halfopen.serve.seal import seals
from halfopen.serve.seal.opening import open_store
from halfopen.serve.seal.state import Seal, Store
from halfopen.serve.seal.windows import SealedWindows, Terms
from halfopen.sources.base import Column, Selection, Sessions
from halfopen.sources.postgresql import PostgresqlSource
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

HOUR = timedelta(hours=1)
LATENESS = timedelta(minutes=15)
KINDS = {"id": Kind.STRING, "city": Kind.STRING, "modified_at": Kind.DATETIME}


@dataclass
class Told:
    """What an observer was told."""

    late: list[timedelta] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def sealed(self, seal: Seal, late: list[timedelta], look_seconds: float) -> None:
        assert look_seconds >= 0
        assert seal.number > 1
        self.late += late

    def began(self, seal: Seal, rows: int, reason: str) -> None:
        assert seal.horizon == seal.base.at
        assert rows >= 0
        self.reasons.append(reason)


@dataclass
class Product:
    """A product whose seals began an hour ago; `at` is that moment, a whole minute, and times are seconds after it."""

    source: PostgresqlSource
    store: Store
    windows: SealedWindows
    told: Told
    at: datetime
    offer: Offer

    def moment(self, seconds: float) -> datetime:
        return self.at + timedelta(seconds=seconds)

    async def ask(self, start: float, end: float, format_: Format = Format.CSV) -> list[tuple[str, str, float]]:
        """The rows of a window: key, city, and the seconds at which they are served."""
        body = await self.body(start, end, format_)
        rows = csv.reader(io.StringIO(body, newline=""))
        return sorted((key, city, self._seconds(stamp)) for key, city, stamp in rows)

    async def body(self, start: float, end: float, format_: Format = Format.CSV) -> str:
        reading = await self.windows.reading(self.offer, Window(self.moment(start), self.moment(end)))
        try:
            async with reading.open(format_) as stream:
                return b"".join([block async for block in stream]).decode()
        finally:
            await reading.close()

    def _seconds(self, stamp: str) -> float:
        return (datetime.fromisoformat(stamp).replace(tzinfo=UTC) - self.at).total_seconds()


def players(source: PostgresqlSource, table: str | None = "player", sql: str | None = None) -> Offer:
    """The table of players as a feed, by name or by a SELECT."""
    selection = Selection(
        feed="players",
        relation=source.relation(table, sql),
        columns=tuple(Column(name=name, kind=kind, sql=source.quote(name)) for name, kind in KINDS.items()),
        cursor=source.quote("modified_at"),
        cursor_column="modified_at",
    )
    return Offer(feed("players"), selection, ("/api/players",), "player")


def sessions(source: PostgresqlSource, table: str | None = "action", sql: str | None = None) -> Offer:
    """Sessions summed from actions: the session, what was bet, and when it was last touched."""
    actions = Sessions(
        session_id="session", kind="kind", bet="'bet'", win="'win'", amount="amount", created_at="created_at"
    )
    selection = Selection(
        feed="game_activity",
        relation=source.relation(table, sql),
        columns=(),
        sessions=actions,
        order=("session_id", "bet_amount", "updated_at"),
        cursor_column="updated_at",
    )
    return Offer(feed("game_activity"), selection, ("/api/game-activity",), "action")


async def tables(url: str) -> None:
    """The tables, empty."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            """
            create table player (id text primary key, city text, modified_at timestamptz, note text);
            create index on player (modified_at);
            create table action (id int primary key, session text, kind text, amount numeric, created_at timestamptz);
            create index on action (created_at);
            create view shown as select p.*, p.xmin from player p;
            create table part (id text, city text, modified_at timestamptz) partition by hash (id);
            create table part_0 partition of part for values with (modulus 2, remainder 0);
            create table part_1 partition of part for values with (modulus 2, remainder 1);
            """
        )
    finally:
        await connection.close()


@asynccontextmanager
async def product(
    url: str, folder: Path, offered=players, *, begun: bool = True, **named: str | None
) -> AsyncIterator[Product]:
    """Sealed windows over a database, whose seals began an hour ago; or with `begun` false without any."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - a test waits for nothing else
    source = PostgresqlSource(url)
    store = open_store(database_url("sqlite:///state.sqlite", folder))
    told = Told()
    try:
        offer = offered(source, **named)
        detector = await source.detector(offer.selection)
        async with source.snapshot(detector) as snapshot:
            at = (snapshot.clock - HOUR).replace(second=0, microsecond=0)
            first = seals.first(offer.feed.name, 1, snapshot.mark, at, detector=detector, lateness=LATENESS)
        if begun:
            await store.save(first, (), replaces=None, forget_before=at)
        terms = Terms(lateness=LATENESS, keep=timedelta(days=7))
        windows = SealedWindows(source, store, lambda: datetime.now(UTC), terms)
        windows.observe(told)
        yield Product(source, store, windows, told, at, offer)
    finally:
        await store.close()
        source.close()
