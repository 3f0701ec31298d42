"""The line of a backfill: share, rows a second, what is left."""

from datetime import UTC, datetime, timedelta

from halfopen.config.backfill import Pacing
from halfopen.sync.events import Committed, Owes
from halfopen.sync.headway import Headway

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def owes(feed: str, *gaps: tuple[int, int]) -> Owes:
    edges = tuple((NOON - first * HOUR, NOON - last * HOUR) for first, last in gaps)
    return Owes(at=NOON, product="p", feed=feed, start=edges[0][0], end=edges[-1][1], rung=0, gaps=edges)


def committed(feed: str, first: int, last: int, rows: int, rung: int = 0) -> Committed:
    counts = dict.fromkeys(("changed", "late", "quarantined", "findings", "holes"), 0)
    start, end = NOON - first * HOUR, NOON - last * HOUR
    return Committed(
        at=NOON, product="p", feed=feed, start=start, end=end, rung=rung, rows=rows, watermark=NOON, **counts
    )


def test_share_rows_and_what_is_left() -> None:
    headway = Headway()
    assert headway.line(NOON) == ""
    headway.hear(owes("wallets", (10, 5), (4, 1)))
    headway.hear(owes("players", (2, 0)))
    headway.hear(committed("wallets", 10, 6, 3000))
    headway.hear(committed("wallets", 10, 6, 3000, rung=1))
    headway.hear(committed("logins", 10, 0, 999))
    line = headway.line(NOON + timedelta(seconds=100))
    assert line == "40% of the span, 3,000 rows, 30 rows/s, about 2 min left"
    for event in (committed("wallets", 6, 0, 1000), committed("players", 3, 0, 0)):
        headway.hear(event)
    assert headway.line(NOON + timedelta(seconds=200)) == "100% of the span, 4,000 rows, 20 rows/s"


def test_it_says_when_it_waits_for_its_hours() -> None:
    headway = Headway(Pacing(hours="22:00-02:00"))
    headway.hear(owes("wallets", (10, 0)))
    assert headway.line(NOON).endswith("waits until 2026-03-10 22:00 UTC for its hours, 22:00-02:00")


def test_nothing_owed_is_nothing_to_tell() -> None:
    headway = Headway()
    headway.hear(Owes(at=NOON, product="p", feed="players", start=NOON - HOUR, end=NOON, rung=0, gaps=()))
    assert headway.line(NOON + HOUR) == ""
