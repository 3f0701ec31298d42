"""Rows that are hidden for a while and rows that are gone: what tells the one from the other."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from halfopen.check.case import Case
from halfopen.check.causes import causes_of
from halfopen.check.finding import Status
from halfopen.check.judging import judge
from halfopen.check.watch import lateness, suggested_offset
from halfopen.window.window import Window
from halfopen.wire.moment import plain
from support.seen import SECOND, Asked, at, csv, window

WALLETS = ("id", "player_id", "modified_at")
HOUR = window("11:00:00", "12:00:00")
LOOKS = ("12:00:05", "12:00:20", "12:00:35", "12:00:50")
LAG = timedelta(seconds=20)
NEW = [(f"v{n}", at("11:59:40") + n * timedelta(seconds=5)) for n in range(12)]
"""A wallet every five seconds."""


def wallets(lag: timedelta, changes: Iterable[tuple[str, datetime]], moments: Iterable[str], **words: object) -> Case:
    """A product that shows a change after `lag`, and hides the row until then; asked for its youngest at `moments`."""
    asked = Asked("wallets")
    for moment in moments:
        now = at(moment)
        last = {key: stamp for key, stamp in sorted(changes, key=lambda one: one[1]) if stamp <= now}
        probes = (("watch", youngest(now), now), ("tail", Window(HOUR.end, now + timedelta(minutes=1)), now + SECOND))
        for probe, one, started in probes:
            rows = [
                (key, "p", plain(stamp)) for key, stamp in last.items() if one.contains(stamp) and stamp < now - lag
            ]
            asked.ask(one, csv(WALLETS, rows), probe=probe, started=started)
    return asked.case(watched=60, **words)


def youngest(now: datetime) -> Window:
    return Window(now - timedelta(seconds=302), now - timedelta(seconds=2))


def failed(case: Case) -> set[str]:
    return {finding.code for finding in judge(case)[1] if finding.feed == "wallets"}


def test_a_row_that_changes_is_hidden_where_others_come_late() -> None:
    moved = [("w", at("11:58:00")), ("w", at("12:00:40"))]
    case = wallets(LAG, [*NEW, *moved], LOOKS)
    story = causes_of(case.feeds["wallets"]).story
    assert {loss.row.key for loss in story.doubts} == {"w"}
    assert not story.losses
    assert {"late_writes", "closed_window_grew"} <= failed(case)
    assert "window_not_deterministic" not in failed(case)
    offset = suggested_offset(case, lateness(case))
    assert offset is not None
    assert LAG.total_seconds() <= offset <= LAG.total_seconds() + 60


def test_a_row_that_changes_all_the_time_is_never_seen_where_all_rows_come_late() -> None:
    hot = [("w", at("11:58:00")), *(("w", at("12:00:10") + n * timedelta(seconds=5)) for n in range(60))]
    case = wallets(LAG, [*NEW, *hot], [*LOOKS, "12:02:30"])
    assert "late_writes" in failed(case)
    assert "window_not_deterministic" not in failed(case)


@pytest.mark.parametrize(("last_look", "is_lost"), [("12:00:40", False), ("12:01:20", True)])
def test_a_row_that_stays_away_for_longer_than_any_was_late_is_gone(last_look: str, *, is_lost: bool) -> None:
    """One row was thirty seconds late; others show themselves at once, so that nothing hides what changes for ever."""
    row, late, fresh = (("w", "11:58:00"), ("v", "11:59:50"), ("f", "12:00:34"))
    shown = ([row], [row, late], [late], [late, fresh])
    asked = Asked("wallets")
    for moment, rows in zip(("12:00:05", "12:00:20", "12:00:35", "12:00:36"), shown, strict=True):
        one = Window(youngest(at(moment)).start, at(moment))
        asked.ask(one, csv(WALLETS, [(key, "p", plain(at(text))) for key, text in rows]), started=at(moment))
    beyond = Window(at("12:00:35"), at(last_look) + timedelta(minutes=1))
    asked.ask(beyond, csv(WALLETS, []), probe="tail", started=at(last_look))
    story = causes_of(asked.seen()).story
    assert story.witnesses.hides_for == timedelta(seconds=30)
    assert ("w" in {loss.row.key for loss in story.losses}) is is_lost


def test_a_row_that_comes_back_as_it_was_had_not_changed() -> None:
    asked = Asked("wallets")
    row = ("w", "p", plain(at("11:58:00")))
    late = ("v", "p", plain(at("11:59:50")))
    for moment, rows in zip(LOOKS, ([row], [late], [row, late], [late]), strict=True):
        asked.ask(youngest(at(moment)), csv(WALLETS, rows), probe="watch", started=at(moment))
    case = asked.case(watched=60)
    assert [loss.back for loss in causes_of(case.feeds["wallets"]).story.losses] == [True]
    assert not lateness(case)


@pytest.mark.parametrize(("offset", "is_lost"), [("0s", True), ("10s", True), ("2m", False)])
def test_what_a_product_declares_it_may_hide(offset: str, *, is_lost: bool) -> None:
    row = ("w", "p", plain(at("11:58:00")))
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [row]), started=at("12:03:00"))
    asked.ask(HOUR, csv(WALLETS, []), probe="repeat", started=at("12:03:20"))
    asked.ask(window("12:00:00", "12:05:00"), csv(WALLETS, []), probe="tail", started=at("12:03:40"))
    story = causes_of(asked.case(offset=offset).feeds["wallets"]).story
    assert bool(story.losses) is is_lost
    assert bool(story.doubts) is not is_lost


def test_a_row_that_is_seen_with_a_later_stamp_of_the_same_window_is_not_lost() -> None:
    """The window lacked the later one: that it was late is another matter."""
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [("w", "p", plain(at("11:30:00")))]))
    asked.ask(HOUR, csv(WALLETS, []), probe="repeat")
    asked.ask(HOUR, csv(WALLETS, [("w", "p", plain(at("11:59:40")))]), probe="confirm")
    story = causes_of(asked.seen()).story
    assert not story.losses
    assert not story.doubts
    assert [late.moment for late in story.latecomers] == [at("11:59:40")]


def test_an_answer_that_lacks_other_rows_bears_no_witness() -> None:
    """Long windows come from a summary of half past eleven: what changed since is in short ones alone."""
    day = window("02:00:00", "12:00:00")
    old, new = ("o", "p", plain(at("11:10:00"))), [(f"n{n}", "p", plain(at(f"11:4{n}:00"))) for n in range(4)]
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [old, *new])).ask(day, csv(WALLETS, [old]), probe="day")
    asked.ask(window("11:30:00", "12:00:00"), csv(WALLETS, new), probe="cut")
    asked.ask(HOUR, csv(WALLETS, new), probe="repeat")
    asked.ask(window("02:00:00", "12:01:30"), csv(WALLETS, []), probe="all")
    causes = causes_of(asked.seen())
    assert "o" in {loss.row.key for loss in causes.story.doubts}
    assert causes.of_losses is not None
    assert causes.of_losses.code == "window_not_additive"


def test_rows_that_short_windows_have_and_long_ones_lack_are_not_late() -> None:
    odd = [(f"w{n}", "p", plain(at(f"11:5{n}:30"))) for n in range(4)]
    even = [(f"v{n}", "p", plain(at(f"11:5{n}:00"))) for n in range(4)]
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, even))
    asked.ask(window("11:50:00", "11:59:00"), csv(WALLETS, [*odd, *even]), probe="cut")
    asked.ask(HOUR, csv(WALLETS, even), probe="repeat")
    asked.ask(window("12:00:00", "12:01:30"), csv(WALLETS, []), probe="tail")
    case = asked.case()
    assert "window_not_additive" in failed(case)
    assert not lateness(case)


def test_a_session_whose_last_action_comes_late_is_not_missing_from_its_window() -> None:
    columns = ("player_id", "session_id", "created_at", "updated_at", "bet_count")
    asked = Asked("game_activity")

    def session(key: str, last: str, bets: int) -> tuple[str, ...]:
        return "p", key, plain(at("11:58:00")), plain(at(last)), str(bets)

    first, second = session("s", "11:59:30", 3), session("s", "12:00:08", 4)
    asked.ask(HOUR, csv(columns, [first, session("t", "12:00:08", 9)]), started=at("12:00:15"))
    asked.ask(window("12:00:08", "12:00:09"), csv(columns, []), probe="edge", started=at("12:00:16"))
    asked.ask(HOUR, csv(columns, [second, session("t", "12:00:08", 9)]), probe="repeat", started=at("12:00:31"))
    case = asked.case(watched=30)
    verdicts = {one.code: one.status for one in judge(case)[0] if one.feed == "game_activity"}
    assert verdicts["late_writes"] is Status.FAIL
    assert verdicts["session_missing_from_action_window"] is not Status.FAIL
