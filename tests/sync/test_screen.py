from datetime import UTC, datetime, timedelta

from halfopen.sync.events import Compared
from halfopen.sync.screen import sentence


def test_a_sentence_names_its_window_with_years_of_four_digits() -> None:
    start = datetime(1, 1, 2, tzinfo=UTC)
    compared = Compared(
        at=datetime(2026, 3, 1, tzinfo=UTC),
        product="vegas",
        feed="wallets",
        start=start,
        end=start + timedelta(hours=1),
        rung=0,
        rows=1_234,
        missing=0,
        stale=5,
        extra=0,
    )
    assert sentence(compared) == (
        "vegas wallets 0001-01-02 00:00:00 to 0001-01-02 01:00:00: compared 1,234 rows, 5 stale"
    )
