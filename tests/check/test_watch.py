from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest

from halfopen.check.case import Case
from halfopen.check.finding import Late, Status
from halfopen.check.judging import judge
from halfopen.check.watch import lateness, suggested_offset, watch
from support.seen import NOW, Asked, at, csv, window

COLUMNS = ("id", "player_id", "created_at")
WALLETS = ("id", "player_id", "modified_at")


def late(stamp_ago: float, found_ago: float = 0.0, step: float = 15.0) -> Late:
    found = NOW - timedelta(seconds=found_ago)
    return Late(
        feed="logins",
        key="k",
        stamp=found - timedelta(seconds=stamp_ago),
        first_asked=found - timedelta(seconds=step),
        found=found,
    )


@pytest.mark.parametrize("true_lateness", [3, 16, 29, 44, 45, 59, 61, 100, 119, 181, 600])
@pytest.mark.parametrize("polled_after", [0.1, 7.0, 14.9])
def test_the_advised_offset_lies_within_a_minute_of_the_true_lateness(
    true_lateness: float, polled_after: float
) -> None:
    case = Asked("logins").ask(window("11:00:00", "11:01:00"), csv(COLUMNS, [])).case()
    found = suggested_offset(case, [late(true_lateness + polled_after), late(2)])
    assert found is not None
    assert true_lateness <= found <= true_lateness + 60


@dataclass
class Time:
    """A clock that passes as one sleeps."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Watched:
    """A survey of a product with two busy feeds, which notes when it looked."""

    spent = ""
    slow: frozenset[str] = frozenset()
    watched = 0.0

    def __init__(self, client: "Counting", time: Time) -> None:
        row = ("l1", "p", "2026-01-01 11:59:30")
        asked = Asked("logins").ask(window("11:00:00", "12:00:00"), csv(COLUMNS, [row]))
        asked.ask(window("11:00:00", "12:00:00"), csv(WALLETS, [row]), feed="wallets")
        self._case, self._client, self._time = asked.case(), client, time
        self.looks: list[float] = []
        self.spans: list[timedelta] = []

    def case(self) -> Case:
        return self._case

    async def each(self, step: Callable[[str], Awaitable[None]], names: Iterable[str]) -> None:
        for name in names:
            await step(name)

    async def youngest(self, name: str, span: timedelta) -> None:
        self._client.left -= 1
        if name == "logins":
            self.looks.append(self._time.now)
            self.spans.append(span)


@dataclass
class Counting:
    """A client with so many requests left."""

    left: int


@pytest.mark.parametrize(
    ("seconds", "left", "looks"),
    [
        (60, 100, [0, 15, 30, 45, 60]),
        (60, 4 + 6, [0, 30, 60]),
        (600, 4 + 12, [0, 120, 240, 360, 480, 600]),
        (600, 4 + 2 * 41, list(range(0, 601, 15))),
        (600, 4, []),
    ],
)
async def test_the_whole_time_is_watched_with_the_requests_that_are_left(
    monkeypatch: pytest.MonkeyPatch, seconds: int, left: int, looks: list[float]
) -> None:
    time, client = Time(), Counting(left)
    survey = Watched(client, time)
    monkeypatch.setattr("halfopen.check.watch.asyncio.sleep", time.sleep)
    await watch(survey, client, seconds, monotonic=time, keep=4)  # type: ignore[arg-type]  # as much of them as it uses
    assert survey.looks == looks
    assert bool(survey.spent) is (not looks)
    assert client.left >= 4
    apart = max((later - earlier for earlier, later in pairwise(looks)), default=0)
    assert all(span >= timedelta(seconds=apart + 60) for span in survey.spans[1:])


def test_no_late_row_no_advice() -> None:
    case = Asked("logins").ask(window("11:00:00", "11:01:00"), csv(COLUMNS, [])).case()
    assert suggested_offset(case, []) is None


@pytest.mark.parametrize(("youngest", "advised"), [("11:49:55", 610), ("11:59:58", None)])
def test_where_no_row_is_ever_seen_young_its_age_is_the_advice(youngest: str, advised: int | None) -> None:
    """Whoever looks back for minutes sees no row come: those that do lie in the windows that were asked before."""
    hour = window("11:00:00", "12:00:00")
    before, after = ("l1", "p", "2026-01-01 11:45:00"), ("l2", "p", "2026-01-01 11:48:00")
    asked = Asked("logins").ask(hour, csv(COLUMNS, [before]), started=at("11:57:40"))
    rows = [before, after, ("l3", "p", f"2026-01-01 {youngest}")]
    asked.ask(hour, csv(COLUMNS, rows), probe="repeat", started=at("12:00:00"))
    case = asked.case(watched=60)
    found = [one for one in lateness(case) if one.key == "l2"]
    assert suggested_offset(case, found) == advised


def test_a_late_login_is_told_once_with_its_times() -> None:
    row = ("l1", "p", "2026-01-01 11:59:30")
    young = window("11:58:00", "12:00:00")
    asked = Asked("logins").ask(young, csv(COLUMNS, []), probe="watch", started=at("12:00:05"))
    asked.ask(window("11:58:15", "12:00:15"), csv(COLUMNS, [row]), probe="watch", started=at("12:00:20"))
    asked.ask(young, csv(COLUMNS, [row]), probe="confirm", started=at("12:00:30"))
    case = asked.case(watched=60)
    (one,) = lateness(case)
    assert (one.key, one.first_asked, one.found) == ("l1", at("12:00:05"), at("12:00:20"))
    assert suggested_offset(case, [one]) == 60
    codes = {finding.code for finding in judge(case)[1]}
    assert {"late_writes", "closed_window_grew"} <= codes


def test_a_late_row_that_moved_on_before_its_window_could_be_asked_again_was_late() -> None:
    young, younger = window("11:58:00", "12:00:00"), window("11:58:15", "12:00:15")
    asked = Asked("wallets").ask(young, csv(WALLETS, []), probe="watch", started=at("12:00:05"))
    asked.ask(younger, csv(WALLETS, [("w", "p", "2026-01-01 11:59:30")]), probe="watch", started=at("12:00:20"))
    asked.ask(young, csv(WALLETS, []), probe="confirm", started=at("12:00:21"))
    moved = ("w", "p", "2026-01-01 12:00:20")
    asked.ask(window("11:58:30", "12:00:30"), csv(WALLETS, [moved]), probe="watch", started=at("12:00:35"))
    case = asked.case(watched=60)
    (one,) = lateness(case)
    assert (one.key, one.stamp) == ("w", at("11:59:30"))
    assert suggested_offset(case, [one]) == 60
    codes = {finding.code for finding in judge(case)[1]}
    assert {"late_writes", "closed_window_grew"} <= codes


def test_a_change_that_becomes_visible_after_its_second_was_answered_is_late() -> None:
    before, after = ("w", "p", "2026-01-01 11:59:10"), ("w", "p", "2026-01-01 11:59:30")
    asked = Asked("wallets")
    asked.ask(window("11:58:00", "12:00:00"), csv(WALLETS, [before]), probe="watch", started=at("12:00:05"))
    asked.ask(window("11:58:15", "12:00:15"), csv(WALLETS, [after]), probe="watch", started=at("12:00:20"))
    (one,) = lateness(asked.case(watched=60))
    assert (one.key, one.stamp, one.first_asked) == ("w", at("11:59:30"), at("12:00:05"))


def test_a_change_after_the_last_closed_second_is_not_late() -> None:
    before, after = ("w", "p", "2026-01-01 11:59:10"), ("w", "p", "2026-01-01 12:00:03")
    asked = Asked("wallets")
    asked.ask(window("11:58:00", "12:00:30"), csv(WALLETS, [before]), probe="watch", started=at("12:00:05"))
    asked.ask(window("11:58:15", "12:00:15"), csv(WALLETS, [after]), probe="watch", started=at("12:00:20"))
    assert not lateness(asked.case(watched=60))


def test_rows_that_share_a_key_are_not_late() -> None:
    older, newer = ("w", "p", "2026-01-01 11:59:10"), ("w", "p", "2026-01-01 11:59:30")
    asked = Asked("wallets")
    asked.ask(window("11:58:00", "11:59:20"), csv(WALLETS, [older]), probe="watch", started=at("12:00:05"))
    asked.ask(window("11:59:20", "12:00:15"), csv(WALLETS, [newer]), probe="watch", started=at("12:00:20"))
    asked.ask(window("11:58:00", "12:00:15"), csv(WALLETS, [older, newer]), probe="watch", started=at("12:00:35"))
    assert not lateness(asked.case(watched=60))


def test_a_row_at_the_edge_of_a_window_that_lacked_it_may_be_late() -> None:
    """A product that takes a second off the end of each window would answer the same, without being late."""
    asked = Asked("wallets").ask(
        window("11:58:00", "12:00:00"), csv(WALLETS, []), probe="watch", started=at("12:00:05")
    )
    row = ("w", "p", "2026-01-01 11:59:59")
    asked.ask(window("11:58:15", "12:00:15"), csv(WALLETS, [row]), probe="watch", started=at("12:00:20"))
    case = asked.case(watched=60)
    assert not lateness(case)
    verdicts = {one.code: one for one in judge(case)[0]}
    for code in ("late_writes", "closed_window_grew"):
        assert verdicts[code].status is Status.NOT_VERIFIED
        assert "edge of a window" in verdicts[code].reason


def test_what_a_product_declares_is_not_late() -> None:
    row = ("l1", "p", "2026-01-01 11:59:30")
    young = window("11:58:00", "12:00:00")
    asked = Asked("logins").ask(young, csv(COLUMNS, []), probe="watch", started=at("12:00:05"))
    asked.ask(young, csv(COLUMNS, [row]), probe="watch", started=at("12:00:20"))
    assert lateness(asked.case(watched=60))
    assert not lateness(asked.case(watched=60, offset="2m"))
