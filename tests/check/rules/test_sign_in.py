"""Who is let in without the right credentials: text, count and samples speak of the same, which is requests."""

import pytest

from halfopen.check.rule import Outcome, rules
from support.seen import Asked, csv, window

HOUR = window("11:00:00", "12:00:00")
COLUMNS = ("id", "player_id", "created_at")


def rows(count: int) -> bytes:
    return csv(COLUMNS, [(f"l{n}", "p", "2026-01-01 11:30:00") for n in range(count)])


def judged(code: str, credentials: str, *counts: int) -> Outcome:
    asked = Asked("logins", auth="bearer").ask(HOUR, rows(0))
    for count in counts:
        asked.ask(HOUR, rows(count), credentials=credentials, probe="wrong")
    if credentials != "none":
        asked.ask(HOUR, b"", credentials="none", probe="anonymous", status=401)
    rule = rules()[code]
    assert rule.of_feed is not None
    return rule.of_feed(asked.seen())


@pytest.mark.parametrize(
    ("code", "credentials", "how"),
    [
        ("auth_wrong_credentials_accepted", "wrong", "with a wrong secret"),
        ("auth_wrong_credentials_accepted", "wrong_start", "with a wrong secret"),
        ("auth_not_required", "none", "without any credentials"),
    ],
)
def test_requests_are_counted_and_the_one_with_most_rows_is_shown(code: str, credentials: str, how: str) -> None:
    one = judged(code, credentials, 3)
    assert (one.text, one.count, len(one.samples)) == (f"1 request {how} is answered, with 3 rows", 1, 1)
    two = judged(code, credentials, 0, 1)
    assert (two.text, two.count, len(two.samples)) == (f"2 requests {how} are answered, with up to 1 row", 2, 2)
    assert two.seen is not None
    assert two.samples[1] == f"request {two.seen.number}: status 200, 1 row"
