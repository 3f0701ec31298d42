import pytest

from halfopen.check.patience import was_sent_away
from support.seen import Asked, csv, window

HOUR, EMPTY = window("11:00:00", "12:00:00"), window("10:00:00", "10:01:00")
NOTHING = csv(("id", "player_id", "created_at"), [])


@pytest.mark.parametrize(
    ("judged", "last", "away"),
    [
        ((), 503, True),
        (("logins",), 429, True),
        (("logins", "wallets"), 503, False),  # most of it was seen
        ((), 200, False),
        ((), 500, False),  # it was not asked to go away
    ],
)
def test_who_was_sent_away_before_it_saw_most_of_the_feeds_has_tested_nothing(
    judged: tuple[str, ...],
    last: int,
    away: bool,  # noqa: FBT001 - a case's word
) -> None:
    asked = Asked("logins")
    for feed in ("logins", "wallets", "players"):
        asked.ask(HOUR, NOTHING, feed=feed)
    for feed in judged:
        asked.ask(EMPTY, NOTHING, probe="empty", feed=feed)
    assert was_sent_away(asked.ask(HOUR, NOTHING, status=last).case()) is away
