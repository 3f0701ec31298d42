"""No header can name a moment that stops who reads it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from halfopen.sinks import judging
from halfopen.sync.http_dates import believed, http_date, retry_after
from halfopen.sync.transfer import Transfer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEVER = (
    "Fri, 31 Dec 9999 23:59:59 -0100",
    "0 0 0 0 0",
    "Mon, 30 Feb 2026 00:00:00 GMT",
)


@pytest.mark.parametrize("text", [*NEVER, "", "soon", "Sun, 01 Mar 2026 12:00:00 +99999999999999999999"])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert http_date(text) is None
    got = Transfer(status=200, headers={"Date": text}, body=Path("body"), size=9, digest="00", unmarked_end=False)
    assert got.server_date is None


def test_a_date_is_a_moment_in_utc() -> None:
    assert http_date("Sun, 01 Mar 2026 13:00:00 +0100") == NOON
    assert http_date("Sun, 01 Mar 2026 12:00:00 -0000") == NOON


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("-5", 0),
        ("+5", 5),
        ("9" * 5000, 10**9),
        ("0" * 5000 + "3", 3),
        ("Sun, 01 Mar 2026 12:00:09 GMT", 9),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
    ],
)
def test_a_wait_is_told_in_seconds_or_as_a_date(header: str, seconds: int) -> None:
    assert retry_after(header, NOON) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", [*NEVER[1:], "", "soon", "-", "1.5.2"])
def test_what_is_no_wait_is_none(text: str) -> None:
    assert retry_after(text, NOON) is None
    assert retry_after(None, NOON) is None


@pytest.mark.parametrize("far", ["Fri, 31 Dec 9999 23:59:59 GMT", NEVER[0]])
def test_a_far_date_is_a_long_wait_and_no_clock(far: str) -> None:
    assert (retry_after(far, NOON) or timedelta(0)) > timedelta(days=10**6)
    assert believed(http_date(far), NOON) is None
    assert believed(NOON - timedelta(days=2), NOON) is None
    assert believed(NOON - timedelta(hours=23), NOON) == NOON - timedelta(hours=23)
    assert believed(None, NOON) is None


def test_an_answer_of_the_end_of_time_can_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging.ledger, "values_of", lambda _answer: {})
    end = datetime.max.replace(tzinfo=UTC)
    values = judging.values_of(SimpleNamespace(server_date=end, fetched_at=NOON))
    assert values["ahead"] == end.replace(tzinfo=None)
    values = judging.values_of(SimpleNamespace(server_date=None, fetched_at=NOON))
    assert values["ahead"] - values["clock"] == judging.AHEAD
