"""What every source promises so that its windows can be sealed, engine by engine; plain ones are in test_promises."""

import asyncio
import csv
import io
import json
import os
import time
from collections import Counter
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halfopen.contract.model import Kind
from halfopen.errors import SourceError
from halfopen.serve.seal import seals
from halfopen.sources.base import Column, Selection, Sessions
from halfopen.sources.sealing import Detector, Lift, Mark, Replay, Served
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from sources.engines.all import ENGINES, Engine

AT = datetime(2024, 3, 31, 12, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATENESS = 15 * MINUTE
COLUMNS = {"id": "text", "note": "text", "amount": "number", "flag": "boolean", "at": "stamp"}
KINDS = dict(zip(COLUMNS, [Kind.STRING, Kind.STRING, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATETIME], strict=True))
SESSION = ("session_id", "player_id", "bet_count", "bet_amount", "win_amount", "created_at", "updated_at")


FORMS = {
    *("sqlite: text", "sqlite: +00:00", "sqlite: milliseconds", "postgresql: timestamptz", "postgresql: text"),
    *("mysql: datetime(6)", "mysql: decimal seconds", "duckdb: timestamp", "duckdb: milliseconds"),
}
"""Cursors that engines turn into moments in ways of their own; HALFOPEN_TEST_FORMS=all takes every one there is."""

CHOSEN = [each for each in ENGINES if each.name in FORMS or os.environ.get("HALFOPEN_TEST_FORMS") == "all"]


@pytest.fixture(params=CHOSEN, ids=lambda engine: engine.name)
def engine(request) -> Engine:
    return request.param


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

    def _row(self, row_id: str, note: str, seconds_: float, amount: str = "1.5") -> tuple:
        return row_id, note, amount, True, AT + timedelta(seconds=seconds_)


@pytest.fixture
async def place(engine, tmp_path):
    made = []

    def make(*rows, **options) -> Place:
        made.append(Place(engine, tmp_path, rows, **options))
        return made[-1]

    yield make
    for each in made:
        each.source.close()
    # Transports are ended on the event loop.
    await asyncio.sleep(0)


def moment(seconds_: float) -> datetime:
    return AT + timedelta(seconds=seconds_)


def window(start: float, end: float) -> Window:
    return Window(moment(start), moment(end))


def seconds(text: str) -> float:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - AT).total_seconds()


def lift(identity, since: float, to: float) -> Lift:
    return Lift(identity, moment(since), moment(to))


async def test_a_plain_window_is_answered_as_ever(place):
    here = place(("a", "x", 0), ("b", 'y, "z"\r\n', 59), ("c", "x", 60), ("d", "x", -1))
    for format_ in Format:
        async with here.source.stream(here.selection(), window(0, 60), format_) as stream:
            plain = b"".join([block async for block in stream])
        assert await here.body(Served(window=window(0, 60)), format_) == plain
    far = (lift(b"?" * 16, -900, 0),) if await detector(here) is Detector.SET else (lift(1, -900, 0),)
    assert sorted(await here.ask(Served(window=window(0, 60), lifts=far))) == [("a", "x", 0), ("b", 'y, "z"\r\n', 59)]


async def detector(here: Place, selection=None) -> Detector:
    return await here.source.detector(selection or here.selection())


async def test_a_look_counts_the_rows_of_both_spans(place):
    here = place()
    here.add(("a", "x", 0), ("b", "x", 30), ("c", "x", 60), ("d", "x", 119), ("e", "x", 120), ("f", "x", -1))
    found = await here.look((0, 90), (60, 120))
    assert sum(each.rows for each in found.before.values()) == 3
    assert sorted(each.oldest for each in found.before.values()) == [moment(0), moment(30), moment(60)]
    assert (await here.look((0, 90), None)).now == {}
    assert (await here.look(None, (60, 120))).before == {}
    apart = await here.look((0, 10), (115, 125))
    assert [len(apart.before), len(apart.now)] == [1, (await now_count(here, 115, 125))]


async def now_count(here: Place, start: float, end: float) -> int:
    """What a span shows as `now`: with transaction numbers only those that may still be open."""
    return 0 if await detector(here) is Detector.XID else len(await here.new((start, end)))


async def test_a_changed_row_is_another_version_and_an_equal_one_the_same(place):
    here = place()
    here.add(("a", "A", 0), ("b", "A", 0))
    first = await here.new((0, 60))
    assert len(first) == 2
    here.change("a", "B", 1)
    second = await here.new((0, 60), known=first)
    assert len(second) == 1
    here.change("a", "A", 0)
    third = await here.new((0, 60))
    if await detector(here) is Detector.SET:
        assert set(third) == set(first)
        assert all(len(identity) == 16 for identity in third)


async def test_rows_that_look_alike_are_counted(place):
    here = place()
    here.add(("a", "x", 0), ("a", "x", 0), ("a", "x", 0))
    found = await here.look((0, 60), (0, 60))
    if await detector(here) is Detector.SET:
        assert list(found.now.values()) == [3]
        assert [each.rows for each in found.before.values()] == [3]


async def test_a_late_row_is_served_in_the_window_that_it_is_lifted_into(place):
    here = place()
    here.add(("early", "x", 10), ("next", "x", 70))
    known = await here.new((-900, 60))
    here.add(("late", "é,\"'\\\r\n", 50.0))
    (late,) = await here.new((-900, 60), known)
    lifts = (lift(late, -840, 60),)
    note = "é,\"'\\\r\n"
    assert await here.ask(Served(window=window(60, 120), lifts=lifts)) == [("late", note, 60), ("next", "x", 70)]
    assert await here.ask(Served(window=window(0, 60), lifts=lifts)) == [("early", "x", 10)]
    assert await here.ask(Served(window=window(120, 180), lifts=lifts)) == []
    everything = [("early", "x", 10), ("late", note, 60), ("next", "x", 70)]
    assert await here.ask(Served(window=window(0, 120), lifts=lifts)) == everything
    assert await here.ask(Served(window=window(-900, 900), lifts=lifts)) == everything
    assert await here.ask(Served(window=window(61, 120), lifts=lifts)) == [("next", "x", 70)]


async def test_only_the_cursor_of_a_lifted_row_is_another_in_every_format(place):
    here = place()
    here.add(("late", "n", 50), ("own", "n", 65))
    late = (await here.new((-840, 60)))[0]
    served = Served(window=window(60, 120), lifts=(lift(late, -840, 60),))
    plain = {}
    for format_ in Format:
        async with here.source.stream(here.selection(), window(0, 120), format_) as stream:
            plain[format_] = b"".join([block async for block in stream])
    for format_ in Format:
        lines = (await here.body(served, format_)).replace(b"2024-03-31 12:01:00", b"2024-03-31 12:00:50")
        assert sorted(lines.splitlines()) == sorted(plain[format_].splitlines())


async def test_a_lift_moves_only_rows_of_its_span(place):
    here = place(("early", "x", 10))
    here.add(("late", "x", 50))
    (late,) = await here.new((20, 60))
    narrow = (lift(late, 51, 60),)
    assert await here.ask(Served(window=window(0, 120), lifts=narrow)) == [("early", "x", 10), ("late", "x", 50)]
    (other,) = await here.new((0, 20))
    beside = (*narrow, lift(other, 100, 160))
    assert await here.ask(Served(window=window(0, 180), lifts=beside)) == [("early", "x", 10), ("late", "x", 50)]
    past = (lift(late, 0, 50),)
    assert await here.ask(Served(window=window(0, 120), lifts=past)) == [("early", "x", 10), ("late", "x", 50)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Riga"])
async def test_what_is_lifted_elsewhere_changes_no_byte(place, zone):
    here = place(("a", "bet", 10), ("a", "win", 50), ("b", "bet", 7300), ("c", "bet", 3600))
    wide = window(-14400, 14400)
    for chosen in (replace(here.selection(), zone=zone), replace(here.sessions(), zone=zone)):
        nobody = 1 if await detector(here, chosen) is Detector.XID else b"?" * 16
        served = Served(window=wide, lifts=(lift(nobody, -14400, 14000),), replays=(Replay(window(-9, -8), AT),))
        for format_ in Format:
            async with here.source.stream(chosen, wide, format_) as stream:
                plain = b"".join([block async for block in stream])
            made = await here.body(served, format_, chosen)
            assert sorted(made.splitlines()) == sorted(plain.splitlines())


async def test_what_no_seal_has_seen_is_left_out(place):
    here = place()
    here.add(("old", "x", 10), ("other", "x", 55))
    known = await here.new((-900, 120))
    here.add(("new", "x", 50))
    hidden = frozenset(await here.new((-900, 120), known))
    span = window(-840, 60)
    served = Served(window=window(0, 120), hidden=hidden, hidden_span=span)
    assert await here.ask(served) == [("old", "x", 10), ("other", "x", 55)]
    away = Served(window=window(0, 120), hidden=hidden, hidden_span=window(-900, 50))
    assert await here.ask(away) == [("new", "x", 50), ("old", "x", 10), ("other", "x", 55)]
    lifted = Served(window=window(60, 120), lifts=tuple(lift(each, 0, 60) for each in hidden | set(known)))
    assert len(await here.ask(lifted)) == 3
    hides = Served(window=window(60, 120), lifts=lifted.lifts, hidden=hidden, hidden_span=span)
    assert await here.ask(hides) == [("old", "x", 60), ("other", "x", 60)]


async def test_a_replay_serves_a_span_once_more_except_what_was_lifted(place):
    here = place()
    here.add(("a", "x", -900), ("b", "x", -1), ("c", "x", -901), ("d", "x", 0))
    replays = (Replay(window(-900, 0), AT),)
    assert await here.ask(Served(window=window(0, 60), replays=replays)) == [
        ("a", "x", 0),
        ("b", "x", 0),
        ("d", "x", 0),
    ]
    assert await here.ask(Served(window=window(60, 120), replays=replays)) == []
    assert await here.ask(Served(window=window(-60, 0), replays=replays)) == []
    whole = Served(window=window(-1000, 60), replays=replays)
    assert await here.ask(whole) == [("a", "x", 0), ("b", "x", 0), ("c", "x", -901), ("d", "x", 0)]
    (b,) = await here.new((-10, 0))
    moved = Served(window=window(0, 60), replays=replays, lifts=(lift(b, -840, 60),))
    assert await here.ask(moved) == [("a", "x", 0), ("d", "x", 0)]
    later = Served(window=window(60, 120), replays=replays, lifts=(lift(b, -840, 60),))
    assert await here.ask(later) == [("b", "x", 60)]


async def test_many_lifts_are_no_burden(place):
    here = place(*((f"r{n}", "x", 10 + n % 40) for n in range(3000)))
    if await detector(here) is Detector.XID:
        pytest.skip("one transaction has one number; test_windows of PostgreSQL lifts many")
    names = await here.new((0, 60))
    assert len(names) == 3000
    began = time.perf_counter()
    rows = await here.ask(Served(window=window(60, 120), lifts=tuple(lift(name, -840, 60) for name in names)))
    assert len({row[0] for row in rows}) == len(rows) == 3000
    assert time.perf_counter() - began < 5
    gone = Served(window=window(0, 60), hidden=frozenset(names), hidden_span=window(-840, 60))
    assert await here.ask(gone) == []


async def test_a_state_shows_no_later_row(place):
    here = place(("a", "x", 10))
    chosen = here.selection()
    async with here.snapshot(chosen) as snapshot:
        with pytest.raises(here.engine.refused) if here.engine.refused else nullcontext():
            here.add(("b", "x", 20))
        found = await snapshot.look(chosen, window(0, 60), None, Mark(next=1))
        assert sum(each.rows for each in found.before.values()) == 1
        async with snapshot.stream(chosen, Served(window=window(0, 60)), Format.CSV) as stream:
            assert len([block async for block in stream]) == 1
        assert stream.rows == 1


async def test_the_clock_is_not_later_than_the_state(place):
    here = place()
    before = datetime.now(UTC)
    async with here.snapshot(here.selection()) as snapshot:
        assert before - timedelta(seconds=1) < snapshot.clock <= datetime.now(UTC)
        assert snapshot.lag == timedelta(0)
        assert not snapshot.mark.replica


async def test_a_state_takes_one_connection_and_gives_it_back(place):
    here = place(("a", "x", 10), connections=1)
    chosen = here.selection()
    for leaves in ("at the end", "with an error", "cancelled"):
        holds = asyncio.Event()

        async def hold(leaves=leaves, holds=holds) -> None:
            async with here.snapshot(chosen) as snapshot:
                await snapshot.look(chosen, window(0, 60), None, None)
                holds.set()
                if leaves == "with an error":
                    raise KeyError(leaves)
                if leaves == "cancelled":
                    await asyncio.sleep(60)

        holding = asyncio.create_task(hold())
        await holds.wait()
        if leaves == "cancelled":
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(here.ask(Served(window=window(0, 60))), 0.2)
            holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        assert await here.ask(Served(window=window(0, 60))) == [("a", "x", 10)]


async def test_what_is_left_early_does_not_hinder_what_follows(place):
    here = place(*((f"r{n}", "x" * 1000, n % 60) for n in range(3000)))
    chosen = here.selection()
    async with here.snapshot(chosen) as snapshot:
        async with snapshot.stream(chosen, Served(window=window(0, 60)), Format.CSV) as stream:
            assert await anext(aiter(stream))
        if await detector(here) is Detector.SET and here.engine.name.startswith("mysql"):
            # An answer that is cut takes its connection with it.
            with pytest.raises(SourceError):
                await snapshot.look(chosen, window(0, 60), None, None)
        elif here.engine.name.startswith("sqlite"):
            # Elsewhere a cut answer ends the transaction, unless all of it had been sent.
            found = await snapshot.look(chosen, window(0, 60), None, Mark(next=1))
            assert sum(each.rows for each in found.before.values()) == 3000
    assert len(await here.ask(Served(window=window(0, 60)))) == 3000


def endless(here: Place) -> Selection:
    """A feed whose every window takes for ever."""
    sql = f"select t.* from {here.engine.endless} as endless cross join t where i < 0"
    return here.selection(relation=here.source.relation(None, sql))


async def test_a_caller_who_goes_away_ends_the_look(place):
    here = place(("a", "x", 10), connections=1)
    chosen = endless(here)

    async def look() -> None:
        async with here.snapshot(chosen) as snapshot:
            await snapshot.look(chosen, window(0, 60), None, None)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(look(), 0.5)
    began = time.perf_counter()
    assert await here.ask(Served(window=window(0, 60))) == [("a", "x", 10)]
    assert time.perf_counter() - began < 2


async def test_a_caller_who_goes_away_ends_the_answer(place):
    here = place(("a", "x", 10), connections=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(here.body(Served(window=window(0, 60)), selection=endless(here)), 0.5)
    began = time.perf_counter()
    assert await here.ask(Served(window=window(0, 60))) == [("a", "x", 10)]
    assert time.perf_counter() - began < 2


async def test_a_look_that_takes_too_long_is_ended(place):
    here = place(("a", "x", 10), timeout=timedelta(seconds=0.5))
    chosen = endless(here)
    with pytest.raises(SourceError, match=r"long|timeout"):
        async with here.snapshot(chosen) as snapshot:
            await snapshot.look(chosen, window(0, 60), None, None)


class TestSessions:
    async def test_a_late_action_touches_its_session_in_a_later_window(self, place):
        here = place()
        here.add(("s1", "bet", 10), ("s2", "bet", 20), ("s3", "bet", 70))
        known = await here.new((-900, 60), selection=here.sessions())
        here.add(("s1", "win", 50, "7"))
        (late,) = await here.new((-900, 60), known, here.sessions())
        lifts = (lift(late, -840, 60),)
        rows = await here.ask_sessions(Served(window=window(60, 120), lifts=lifts))
        assert [(row["session_id"], row["win_amount"]) for row in rows] == [("s1", 7), ("s3", 0)]
        assert [seconds(row["updated_at"]) for row in rows] == [60, 70]
        assert [seconds(row["created_at"]) for row in rows] == [10, 70]
        assert [(row["bet_count"], row["bet_amount"]) for row in rows] == [(1, Decimal("1.5"))] * 2
        again = await here.ask_sessions(Served(window=window(0, 60), lifts=lifts))
        assert [row["session_id"] for row in again] == ["s1", "s2"]
        assert [seconds(row["updated_at"]) for row in again] == [60, 20]
        assert again[0] == rows[0]

    async def test_what_no_seal_has_seen_counts_nowhere(self, place):
        here = place()
        here.add(("s1", "bet", 10))
        known = await here.new((-900, 60), selection=here.sessions())
        here.add(("s1", "win", 50, "7"), ("s2", "win", 51, "9"))
        hidden = frozenset(await here.new((-900, 60), known, here.sessions()))
        served = Served(window=window(0, 60), hidden=hidden, hidden_span=window(-840, 60))
        (row,) = await here.ask_sessions(served)
        assert (row["session_id"], row["win_amount"], seconds(row["updated_at"])) == ("s1", 0, 10)
        assert await here.ask_sessions(Served(window=window(40, 60), hidden=hidden, hidden_span=window(-840, 60))) == []

    async def test_a_session_is_updated_at_what_its_last_action_is_served_at_wherever_that_is(self, place):
        here = place()
        here.add(("s1", "bet", 10))
        known = await here.new((-900, 60), selection=here.sessions())
        here.add(("s1", "win", 50))
        (late,) = await here.new((-900, 60), known, here.sessions())
        (row,) = await here.ask_sessions(Served(window=window(0, 60), lifts=(lift(late, -840, 600),)))
        assert (seconds(row["created_at"]), seconds(row["updated_at"])) == (10, 600)

    async def test_a_replay_touches_sessions_once_more(self, place):
        here = place()
        here.add(("s1", "bet", -10), ("s2", "bet", -901), ("s3", "bet", 5))
        rows = await here.ask_sessions(Served(window=window(0, 60), replays=(Replay(window(-900, 0), AT),)))
        told = [(row["session_id"], seconds(row["created_at"]), seconds(row["updated_at"])) for row in rows]
        assert told == [("s1", -10, 0), ("s3", 5, 5)]

    async def test_actions_that_differ_in_what_is_summed_are_told_apart(self, place):
        here = place()
        here.add(("s1", "bet", 10, "1"), ("s1", "bet", 10, "2"), ("s1", "win", 10, "1"), ("s2", "bet", 10, "1"))
        assert len(await here.new((0, 60), selection=here.sessions())) == 4


class Sealer:
    """Seals of one feed in memory, by the algebra that serve uses, over a real source."""

    def __init__(self, here: Place, selection: Selection, detector_: Detector, mark: Mark) -> None:
        self.here, self.selection = here, selection
        self.seal = seals.first("f", 1, mark, AT, detector=detector_, lateness=LATENESS)
        self.lifts: dict = {}

    async def ask(self, asked: Window) -> list[tuple[str, str, float]]:
        chosen = self.selection
        async with self.here.snapshot(chosen) as snapshot:
            hidden = frozenset()
            if asked.end > self.seal.horizon:
                before = None if self.seal.number == 1 else seals.look_back(self.seal.horizon, LATENESS)
                now = seals.look_back(asked.end, LATENESS)
                look = await snapshot.look(chosen, before, now, self.seal.mark)
                made = seals.following(self.seal, asked.end, snapshot.mark, look, LATENESS)
                self.seal = made.seal
                self.lifts |= {each.identity: each for each in made.lifts}
            else:
                span = seals.look_back(self.seal.horizon, LATENESS)
                look = await snapshot.look(chosen, span, None, self.seal.mark)
                hidden = frozenset(seals.unseen(look.before, self.seal))
            lifts = tuple(each for each in self.lifts.values() if each.to >= asked.start and each.since < asked.end)
            served = seals.served(self.seal, asked, lifts, hidden, LATENESS)
            async with snapshot.stream(chosen, served, Format.CSV) as stream:
                body = b"".join([block async for block in stream])
        rows = csv.reader(io.StringIO(body.decode(), newline=""))
        return sorted((row[0], row[1], seconds(row[-1])) for row in rows)


steps = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 300)), min_size=1, max_size=5)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(steps, min_size=3, max_size=6))
def test_whoever_asks_each_minute_once_gets_everything(engine, tmp_path, minutes):
    asyncio.run(asked_each_minute(engine, tmp_path, minutes))


async def asked_each_minute(engine, folder, minutes) -> None:
    here = Place(engine, folder)
    try:
        await check_minutes(here, minutes)
    finally:
        here.source.close()
        await asyncio.sleep(0)


async def check_minutes(here: Place, minutes) -> None:
    chosen = here.selection()
    async with here.snapshot(chosen) as snapshot:
        sealer = Sealer(here, chosen, await detector(here), snapshot.mark)
    there: dict[str, tuple[str, float]] = {}
    got: dict[str, tuple[str, float]] = {}
    answers: list[tuple[Window, list]] = []
    for minute, changes in enumerate(minutes, 1):
        for kind, key, lag in changes:
            # Stamped up to five minutes before it is committed; never before what the row had.
            row_id, note = f"k{key}", f"v{kind}"
            stamp = max(minute * 60 - 1 - lag, 0, there.get(row_id, ("", 0))[1])
            there[row_id] = note, stamp
            here.change(row_id, note, stamp)
        for end in (minute, minute + 1) if minute == len(minutes) else (minute,):
            asked = window((end - 1) * 60, end * 60)
            rows = await sealer.ask(asked)
            assert len({row[0] for row in rows}) == len(rows)
            for row_id, note, stamp in rows:
                assert asked.contains(moment(stamp))
                assert stamp >= got.get(row_id, ("", 0))[1]
                got[row_id] = note, stamp
            answers.append((asked, rows))
    assert {key: note for key, (note, _) in got.items()} == {key: note for key, (note, _) in there.items()}
    for asked, rows in answers:
        assert not Counter(await sealer.ask(asked)) - Counter(rows)
    whole = await sealer.ask(window(0, (len(minutes) + 1) * 60))
    assert {row[0]: row[1:] for row in whole} == got
    assert len(whole) == len(got)
