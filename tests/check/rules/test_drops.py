"""Connections that end without an answer, though another try gets one: of one feed, or of all."""

from dataclasses import replace

import pytest

from halfopen.check.finding import Severity, Status
from halfopen.check.rule import rules
from support.seen import Asked, csv, window

HOUR = window("11:00:00", "12:00:00")
EMPTY = csv(("id", "player_id", "created_at"), [])
OTHERS = ("players", "wallets", "contacts", "sports_bets")


@pytest.mark.parametrize(
    ("logins", "wallets", "feeds", "status"),
    [
        (3, 0, OTHERS, Status.FAIL),
        (3, 1, OTHERS, Status.FAIL),
        (2, 0, OTHERS, Status.PASS),
        (3, 2, OTHERS, Status.PASS),
        (3, 0, OTHERS[:1], Status.PASS),
    ],
    ids=["one feed", "hardly elsewhere", "too few", "elsewhere too", "nothing to compare with"],
)
def test_what_is_dropped_in_one_feed_alone_is_no_chance(
    logins: int, wallets: int, feeds: tuple[str, ...], status: Status
) -> None:
    asked = Asked("logins")
    for feed, dropped in (("logins", logins), *((feed, wallets if feed == "wallets" else 0) for feed in feeds)):
        for n in range(5):
            asked.ask(HOUR, EMPTY, feed=feed)
            asked.exchanges[-1] = replace(asked.exchanges[-1], resent=int(n < dropped))
    found = rules()["transport_error"].of_feed(asked.seen())
    assert found.status is status
    assert found.severity is (Severity.SHOULD if status is Status.FAIL else None)
