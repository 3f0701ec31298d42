"""Each alert once, again after a while, and when it is over; under virtual time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from halfopen.config.alerts import AlertsConfig
from halfopen.sync.alerts import Alert, Bell, Message, wrong
from halfopen.sync.standing import Counts, Standing

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMITS = AlertsConfig(webhook="https://hooks.example.com/secret")
WELL = Standing(
    product="vegas",
    feed="players",
    watermark=NOON,
    lag=timedelta(0),
    holes=0,
    hole_since=None,
    last_error="",
    hour=Counts(rows=1000),
)


def kinds(*standings: Standing) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.kind, one.product, one.feeds) for one in wrong(standings, LIMITS, NOON)]


def test_nothing_is_wrong_at_the_limits() -> None:
    at_limits = replace(
        WELL,
        lag=LIMITS.max_lag,
        hole_since=NOON - LIMITS.max_hole_age,
        hour=Counts(rows=1000, late=1, quarantined=50),
    )
    assert kinds(at_limits, replace(WELL, lag=None, watermark=None)) == []


def test_each_kind_is_told_beyond_its_limit() -> None:
    assert kinds(replace(WELL, lag=LIMITS.max_lag + MINUTE)) == [("lag", "vegas", ("players",))]
    assert kinds(replace(WELL, hole_since=NOON - LIMITS.max_hole_age - MINUTE)) == [("hole", "vegas", ("players",))]
    assert kinds(replace(WELL, hour=Counts(rows=1000, late=2))) == [("late", "vegas", ("players",))]
    assert kinds(replace(WELL, hour=Counts(rows=1000, quarantined=51))) == [("quarantine", "vegas", ("players",))]


def test_a_share_of_a_few_rows_says_nothing() -> None:
    assert kinds(replace(WELL, hour=Counts(rows=49, late=49, quarantined=49))) == []


def test_one_alert_names_all_feeds_of_a_product_the_worst_first() -> None:
    behind = [replace(WELL, feed=feed, lag=LIMITS.max_lag + MINUTE * n) for n, feed in enumerate("cab", 1)]
    [alert] = wrong([*behind, replace(WELL, product="other")], LIMITS, NOON)
    assert alert.feeds == ("b", "a", "c")
    assert alert.text == "b, a, c: 18 min behind, more than 15m"


LAG = Alert(kind="lag", product="vegas", feeds=("players",), text="behind")


def rung(bell: Bell, alerts: list[Alert], now: datetime, *, reaches: bool = True) -> list[tuple[str, str, str]]:
    messages = bell.messages(alerts, now)
    for message in messages if reaches else ():
        bell.told(message)
    return [(one.status, one.alert.kind, one.alert.product) for one in messages]


def test_an_alert_is_told_once_again_after_a_while_and_when_it_is_over() -> None:
    bell = Bell(timedelta(hours=6))
    firing = [("firing", "lag", "vegas")]
    assert rung(bell, [LAG], NOON) == firing
    assert rung(bell, [replace(LAG, text="further behind", feeds=("a", "b"))], NOON + MINUTE) == []
    assert rung(bell, [LAG], NOON + timedelta(hours=5, minutes=59)) == []
    assert rung(bell, [LAG], NOON + timedelta(hours=6)) == firing
    assert rung(bell, [], NOON + timedelta(hours=7)) == [("resolved", "lag", "vegas")]
    assert rung(bell, [], NOON + timedelta(hours=8)) == []
    assert rung(bell, [LAG], NOON + timedelta(hours=9)) == firing


def test_what_did_not_reach_anybody_is_told_the_next_time() -> None:
    bell = Bell(timedelta(hours=6))
    assert rung(bell, [LAG], NOON, reaches=False) == [("firing", "lag", "vegas")]
    assert rung(bell, [LAG], NOON + MINUTE) == [("firing", "lag", "vegas")]
    assert rung(bell, [], NOON + 2 * MINUTE, reaches=False) == [("resolved", "lag", "vegas")]
    assert rung(bell, [], NOON + 3 * MINUTE) == [("resolved", "lag", "vegas")]
    assert rung(bell, [], NOON + 4 * MINUTE) == []


def test_a_message_says_since_when() -> None:
    bell = Bell(timedelta(hours=6))
    bell.messages([LAG], NOON)
    [message] = bell.messages([LAG], NOON + MINUTE)
    assert message == Message(status="firing", alert=LAG, since=NOON, at=NOON + MINUTE)
    assert message.told()["text"] == "halfopen firing: vegas: behind"
    assert message.told()["since"] == "2026-03-01T12:00:00Z"
