"""Whoever asks each minute once gets every row, by the algebra that serve uses."""

import asyncio
import csv
import io
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halfopen.serve.seal import seals
from halfopen.sources.base import Selection
from halfopen.sources.sealing import Detector, Mark
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.sealing import AT, LATENESS, Place, detector, moment, seconds, window


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
