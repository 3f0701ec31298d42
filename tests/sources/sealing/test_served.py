"""What is served in sealed windows, engine by engine; plain ones are in tests/sources/test_promises."""

import time
from dataclasses import replace

import pytest

from halfopen.sources.sealing import Detector, Replay, Served
from halfopen.wire.negotiate import Format
from support.sealing import AT, detector, lift, window


async def test_a_plain_window_is_answered_as_ever(place):
    here = place(("a", "x", 0), ("b", 'y, "z"\r\n', 59), ("c", "x", 60), ("d", "x", -1))
    for format_ in Format:
        async with here.source.stream(here.selection(), window(0, 60), format_) as stream:
            plain = b"".join([block async for block in stream])
        assert await here.body(Served(window=window(0, 60)), format_) == plain
    far = (lift(b"?" * 16, -900, 0),) if await detector(here) is Detector.SET else (lift(1, -900, 0),)
    assert sorted(await here.ask(Served(window=window(0, 60), lifts=far))) == [("a", "x", 0), ("b", 'y, "z"\r\n', 59)]


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
