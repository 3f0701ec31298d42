"""The algebra of seals, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from halfopen.serve.seal import seals
from halfopen.serve.seal.state import Seal
from halfopen.sources.sealing import Detector, Lift, Look, Mark, Replay, Sighting
from halfopen.window.window import Window

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATENESS = 15 * MINUTE
MARK = Mark(system="one/1", oldest=100, next=120)


def begun(detector: Detector = Detector.XID) -> Seal:
    return seals.first("players", 1, MARK, AT, detector=detector, lateness=LATENESS)


def after(seal: Seal, look: Look, mark: Mark = MARK) -> seals.Sealed:
    return seals.following(seal, seal.horizon + MINUTE, mark, look, LATENESS)


def seen(*identities) -> dict:
    return dict.fromkeys(identities, Sighting(1, AT))


def test_a_beginning_floors_the_clock_so_that_no_window_is_cut_within_a_second():
    seal = seals.first("players", 3, MARK, AT + timedelta(milliseconds=400), detector=Detector.SET, lateness=LATENESS)
    assert (seal.horizon, seal.base.at, seal.base.since) == (AT, AT, AT - LATENESS)
    assert (seal.number, dict(seal.seen)) == (3, {})


def test_the_seal_after_a_beginning_lifts_nothing_because_all_is_replayed():
    made = after(begun(), Look(before=seen(101, 102), now={103: 1}))
    assert (made.late, made.lifts) == ((), ())
    assert dict(made.seal.seen) == {103: 1}
    assert made.seal.number == 2


def test_what_the_last_seal_had_not_seen_is_lifted_to_its_horizon():
    one = after(begun(), Look(now={101: 2})).seal
    made = after(one, Look(before=seen(101, 102), now={102: 1}))
    assert made.lifts == (Lift(102, one.horizon - LATENESS, one.horizon),)
    assert [each.identity for each in made.late] == [102]
    assert made.seal.base == one.base


def test_equal_rows_are_told_by_their_number_and_transactions_are_not():
    rows = {b"a": Sighting(3, AT), b"b": Sighting(1, AT)}
    one = after(begun(Detector.SET), Look(now={b"a": 2, b"b": 1})).seal
    assert set(seals.unseen(rows, one)) == {b"a"}
    numbered = after(begun(), Look(now={7: 1})).seal
    assert seals.unseen({7: Sighting(3, AT), 8: Sighting(1, AT)}, numbered).keys() == {8}


@pytest.mark.parametrize(
    ("mark", "clock", "detector", "words"),
    [
        (MARK, AT, Detector.XID, ""),
        (Mark(system="one/1", oldest=130, next=140), AT, Detector.XID, ""),
        (MARK, AT, Detector.SET, "now told by set"),
        (Mark(system="one/2", oldest=100, next=120), AT, Detector.XID, "promoted"),
        (Mark(system="one/1", oldest=100, next=119), AT, Detector.XID, "gone back"),
        (Mark(system="one/1", oldest=100, next=119, replica=True), AT, Detector.XID, ""),
        (MARK, AT - timedelta(seconds=6), Detector.XID, "beyond the database's clock"),
        (MARK, AT - timedelta(seconds=4), Detector.XID, ""),
        (Mark(system="one/1", oldest=2**31, next=2**31 + 100), AT, Detector.XID, "too many transactions"),
    ],
)
def test_a_seal_of_another_database_or_another_time_counts_for_nothing(mark, clock, detector, words):
    found = seals.strangeness(begun(), mark, clock, detector)
    assert (words in found) if words else not found


@pytest.mark.parametrize(
    ("mark", "lag", "behind"),
    [
        (Mark(system="one/1", oldest=90, next=119, replica=True), timedelta(0), True),
        (Mark(system="one/1", oldest=90, next=120, replica=True), timedelta(0), False),
        (Mark(system="one/1", oldest=90, next=120, replica=True), LATENESS / 2, True),
        (MARK, LATENESS, False),
    ],
)
def test_a_replica_is_behind_when_it_shows_less_than_was_sealed_or_lags_too_far(mark, lag, behind):
    assert seals.is_behind(begun(), mark, lag, LATENESS) is behind


def test_the_replay_counts_for_windows_that_begin_before_it_ends():
    seal = after(begun(), Look()).seal
    touching = seals.served(seal, Window(AT, AT + MINUTE), (), frozenset(), LATENESS)
    assert touching.replays == (Replay(Window(AT - LATENESS, AT), AT),)
    later = seals.served(seal, Window(AT + timedelta(seconds=1), AT + MINUTE), (), frozenset(), LATENESS)
    assert later.is_plain
    hiding = seals.served(seal, Window(AT + MINUTE, AT + 2 * MINUTE), (), frozenset({9}), LATENESS)
    assert hiding.hidden_span == Window(seal.horizon - LATENESS, seal.horizon)


def test_sessions_are_served_and_summed_up_to_the_horizon():
    seal = after(begun(), Look()).seal
    beyond = Window(seal.horizon - MINUTE, seal.horizon + MINUTE)
    found = seals.served(seal, beyond, (), frozenset(), LATENESS, sums=True)
    assert found.window == Window(seal.horizon - MINUTE, seal.horizon)
    assert found.until == seal.horizon
    assert not found.is_plain
    nothing = Window(seal.horizon + MINUTE, seal.horizon + 2 * MINUTE)
    assert seals.served(seal, nothing, (), frozenset(), LATENESS, sums=True).window.is_empty
    assert seals.served(seal, beyond, (), frozenset(), LATENESS).window == beyond


def test_a_session_does_not_count_what_is_lifted_to_the_horizon():
    seal = after(begun(), Look()).seal
    past = Window(seal.horizon - MINUTE, seal.horizon)
    coming = Lift(b"new", seal.horizon - LATENESS, seal.horizon)
    earlier = Lift(b"old", past.start - LATENESS, past.start)
    found = seals.served(seal, past, (coming, earlier), frozenset(), LATENESS, sums=True)
    assert found.hidden == {b"new"}
    assert found.hidden_span == Window(seal.horizon - LATENESS, seal.horizon)
