"""A table of any engine and its states, for tests of what sealed windows need of a source."""

import csv
import io
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection, Sessions
from halfopen.sources.sealing import Detector, Lift, Mark, Served
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from sources.engines.all import Engine

AT = datetime(2024, 3, 31, 12, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATENESS = 15 * MINUTE
COLUMNS = {"id": "text", "note": "text", "amount": "number", "flag": "boolean", "at": "stamp"}
KINDS = dict(zip(COLUMNS, [Kind.STRING, Kind.STRING, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATETIME], strict=True))
SESSION = ("session_id", "player_id", "bet_count", "bet_amount", "win_amount", "created_at", "updated_at")


class Place:
    """The table `t` of one engine, what is written to it, and a source over it."""

    def __init__(self, engine: Engine, folder, rows=(), **options) -> None:
        self.engine = engine
        self.place = engine.make(folder, COLUMNS, [self._row(*row) for row in rows], index="at")
        self.source = engine.source(self.place, **options)

    def add(self, *rows) -> None:
        """Rows of id, note and seconds, each in a transaction of its own."""
        for row in rows:
            self.engine.insert(self.place, COLUMNS, [self._row(*row)])

    def change(self, row_id: str, note: str, seconds: float) -> None:
        self.engine.remove(self.place, row_id)
        self.add((row_id, note, seconds))

    def selection(self, **changes) -> Selection:
        quote = self.source.quote
        columns = tuple(Column(name=name, kind=kind, sql=quote(name)) for name, kind in KINDS.items())
        told = {"feed": "f", "relation": self.source.relation("t", None), "columns": columns, "cursor": quote("at")}
        return Selection(**told | {"cursor_column": "at"} | changes)

    def sessions(self) -> Selection:
        """The id as session, the note as kind of action."""
        quote = self.source.quote
        names = {"session_id": "id", "kind": "note", "amount": "amount", "created_at": "at"}
        words = {name: quote(column) for name, column in names.items()}
        return self.selection(
            cursor=None,
            columns=(Column(name="player_id", kind=Kind.STRING, sql="'p'"),),
            sessions=Sessions(**words, bet="'bet'", win="'win'"),
            order=SESSION,
        )

    @asynccontextmanager
    async def snapshot(self, selection: Selection):
        async with self.source.snapshot(await self.source.detector(selection)) as snapshot:
            yield snapshot

    async def look(self, before=None, now=None, selection=None):
        """A look at spans in seconds, as if everything might still have been open."""
        chosen = selection or self.selection()
        spans = [span and window(*span) for span in (before, now)]
        async with self.snapshot(chosen) as snapshot:
            return await snapshot.look(chosen, *spans, Mark(next=1))

    async def new(self, before: tuple[float, float], known=(), selection=None) -> list:
        """The identities that a span shows beside the known ones."""
        return [each for each in (await self.look(before, None, selection)).before if each not in known]

    async def body(self, served: Served, format_=Format.CSV, selection=None) -> bytes:
        chosen = selection or self.selection()
        async with self.snapshot(chosen) as snapshot, snapshot.stream(chosen, served, format_) as stream:
            return b"".join([block async for block in stream])

    async def ask(self, served: Served) -> list[tuple[str, str, float]]:
        """Id, note and seconds of the rows of a window."""
        rows = csv.reader(io.StringIO((await self.body(served)).decode(), newline=""))
        return sorted((row[0], row[1], seconds(row[-1])) for row in rows)

    async def ask_sessions(self, served: Served) -> list[dict]:
        told = (await self.body(served, Format.NDJSON, self.sessions())).splitlines()
        rows = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in told]
        return sorted(rows, key=lambda row: row["session_id"])

    def _row(self, row_id: str, note: str, offset: float, amount: str = "1.5") -> tuple:
        return row_id, note, amount, True, AT + timedelta(seconds=offset)


def moment(offset: float) -> datetime:
    return AT + timedelta(seconds=offset)


def window(start: float, end: float) -> Window:
    return Window(moment(start), moment(end))


def seconds(text: str) -> float:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - AT).total_seconds()


def lift(identity, since: float, to: float) -> Lift:
    return Lift(identity, moment(since), moment(to))


async def detector(here: Place, selection=None) -> Detector:
    return await here.source.detector(selection or here.selection())


def endless(here: Place) -> Selection:
    """A feed whose every window takes for ever."""
    sql = f"select t.* from {here.engine.endless} as endless cross join t where i < 0"
    return here.selection(relation=here.source.relation(None, sql))
