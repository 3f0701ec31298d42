"""Windows that fail: is it for their length, or by chance?"""

import pytest

from halfopen.check.finding import Status
from halfopen.check.rule import rules
from halfopen.window.window import Window
from support.seen import NOW, SECOND, Asked, csv

ROWS = csv(("id", "player_id", "created_at"), [("l", "p", "2026-01-01 11:59:30")])
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
DAY = 24 * HOUR


def asked(*answers: tuple[str, float, int]) -> Asked:
    """Logins of so many hours before now, for these reasons and with these statuses."""
    found = Asked("logins")
    for probe, hours, status in answers:
        found.ask(Window(NOW - hours * HOUR, NOW), ROWS if status == 200 else b"", probe=probe, status=status)
    return found


@pytest.mark.parametrize(
    ("answers", "server", "large"),
    [
        ([("burst", 1 / 60, 200), ("hour", 1, 200), ("day", 24, 502)], Status.NOT_APPLICABLE, Status.FAIL),
        ([("burst", 1 / 60, 200), ("hour", 1, 500), ("day", 24, 500)], Status.NOT_APPLICABLE, Status.FAIL),
        ([("burst", 1 / 60, 200), ("hour", 1, 500), ("day", 24, 200)], Status.FAIL, Status.NOT_VERIFIED),
        ([("burst", 1 / 60, 200), ("hour", 1, 200), ("day", 24, 502), ("day", 24, 200)], Status.FAIL,
         Status.NOT_VERIFIED),
        ([("burst", 1 / 60, 200), ("hour", 1, 200), ("day", 24, 200), ("repeat", 1, 503)], Status.FAIL, Status.PASS),
    ],
    ids=["a day", "an hour and a day", "an hour and no day", "a day, once", "an hour again"],
)  # fmt: skip
def test_what_fails_for_its_length_is_told_from_what_fails_by_chance(
    answers: list[tuple[str, float, int]], server: Status, large: Status
) -> None:
    feed = asked(*answers).seen()
    assert rules()["server_error"].of_feed(feed).status is server
    assert rules()["large_window_failed"].of_feed(feed).status is large
