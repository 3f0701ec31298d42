"""Sessions of which an action came late, engine by engine."""

from decimal import Decimal

from halfopen.sources.sealing import Replay, Served
from support.sealing import AT, lift, moment, seconds, window


async def test_a_late_action_touches_its_session_in_a_later_window(place):
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


async def test_what_no_seal_has_seen_counts_nowhere(place):
    here = place()
    here.add(("s1", "bet", 10))
    known = await here.new((-900, 60), selection=here.sessions())
    here.add(("s1", "win", 50, "7"), ("s2", "win", 51, "9"))
    hidden = frozenset(await here.new((-900, 60), known, here.sessions()))
    served = Served(window=window(0, 60), hidden=hidden, hidden_span=window(-840, 60))
    (row,) = await here.ask_sessions(served)
    assert (row["session_id"], row["win_amount"], seconds(row["updated_at"])) == ("s1", 0, 10)
    assert await here.ask_sessions(Served(window=window(40, 60), hidden=hidden, hidden_span=window(-840, 60))) == []


async def test_a_session_is_updated_at_what_its_last_action_is_served_at_wherever_that_is(place):
    here = place()
    here.add(("s1", "bet", 10))
    known = await here.new((-900, 60), selection=here.sessions())
    here.add(("s1", "win", 50))
    (late,) = await here.new((-900, 60), known, here.sessions())
    (row,) = await here.ask_sessions(Served(window=window(0, 60), lifts=(lift(late, -840, 600),)))
    assert (seconds(row["created_at"]), seconds(row["updated_at"])) == (10, 600)


async def test_a_replay_touches_sessions_once_more(place):
    here = place()
    here.add(("s1", "bet", -10), ("s2", "bet", -901), ("s3", "bet", 5))
    rows = await here.ask_sessions(Served(window=window(0, 60), replays=(Replay(window(-900, 0), AT),)))
    told = [(row["session_id"], seconds(row["created_at"]), seconds(row["updated_at"])) for row in rows]
    assert told == [("s1", -10, 0), ("s3", 5, 5)]


async def test_actions_that_differ_in_what_is_summed_are_told_apart(place):
    here = place()
    here.add(("s1", "bet", 10, "1"), ("s1", "bet", 10, "2"), ("s1", "win", 10, "1"), ("s2", "bet", 10, "1"))
    assert len(await here.new((0, 60), selection=here.sessions())) == 4


async def test_actions_from_a_moment_on_count_nowhere(place):
    here = place()
    here.add(("s1", "bet", 10), ("s1", "win", 70, "7"), ("s2", "bet", 59.5), ("s2", "bet", 60))
    rows = await here.ask_sessions(Served(window=window(0, 60), until=moment(60)))
    told = [(row["session_id"], row["bet_count"], row["win_amount"], seconds(row["updated_at"])) for row in rows]
    assert told == [("s1", 1, 0, 10), ("s2", 1, 0, 59)]
