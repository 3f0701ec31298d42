"""`[products.<name>.backfill]`: limits, and the hours of the day in which the past may be asked."""

from datetime import UTC, datetime

import pytest

from halfopen.config.backfill import UNPACED, Pacing, read_pacing
from halfopen.config.product import read_product
from halfopen.errors import ConfigError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_nothing_is_limited_by_default() -> None:
    product = read_product("p", {"url": "https://a.example"}, "products.p")
    assert product.backfill == UNPACED
    assert not product.backfill.is_limited
    assert UNPACED.opens(at("2026-01-01 12:00")) == at("2026-01-01 12:00")


def test_it_is_read_from_a_product() -> None:
    table = {"requests_per_second": 2, "bytes_per_second": "2MB", "hours": "01:00-07:00", "timezone": "Europe/Riga"}
    product = read_product("p", {"url": "https://a.example", "backfill": table}, "products.p")
    assert product.backfill == Pacing(
        requests_per_second=2, bytes_per_second=2_000_000, hours="01:00-07:00", timezone="Europe/Riga"
    )


@pytest.mark.parametrize(
    ("hours", "zone", "now", "opens"),
    [
        ("01:00-07:00", "UTC", "2026-01-01 00:59:59", "2026-01-01 01:00"),
        ("01:00-07:00", "UTC", "2026-01-01 01:00", "2026-01-01 01:00"),
        ("01:00-07:00", "UTC", "2026-01-01 06:59:59", "2026-01-01 06:59:59"),
        ("01:00-07:00", "UTC", "2026-01-01 07:00", "2026-01-02 01:00"),
        ("22:30-06:00", "UTC", "2026-01-01 05:59", "2026-01-01 05:59"),
        ("22:30-06:00", "UTC", "2026-01-01 06:00", "2026-01-01 22:30"),
        ("22:30-06:00", "UTC", "2026-01-01 23:00", "2026-01-01 23:00"),
        ("18:00-24:00", "UTC", "2026-01-01 23:59", "2026-01-01 23:59"),
        ("18:00-24:00", "UTC", "2026-01-01 00:00", "2026-01-01 18:00"),
        ("01:00-07:00", "Europe/Riga", "2026-01-01 22:30", "2026-01-01 23:00"),
        ("01:00-07:00", "Europe/Riga", "2026-07-01 21:30", "2026-07-01 22:00"),
        # 03:30 does not come on that night: clocks go from 03:00 to 04:00.
        ("03:30-05:00", "Europe/Riga", "2026-03-29 00:30", "2026-03-29 01:30"),
    ],
)
def test_hours_open_and_close(hours: str, zone: str, now: str, opens: str) -> None:
    assert Pacing(hours=hours, timezone=zone).opens(at(now)) == at(opens)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"hours": "1-7"}, "'1-7'"),
        ({"hours": "07:00-07:00"}, "hours"),
        ({"hours": "01:00-24:30"}, "hours"),
        ({"hours": ""}, "hours"),
        ({"timezone": "Mars"}, "'Mars'"),
        ({"requests_per_second": 0}, "more than 0"),
        ({"bytes_per_second": "fast"}, "'fast'"),
        ({"request_per_second": 1}, "requests_per_second"),
        ("fast", "needed"),
    ],
)
def test_what_does_not_fit_is_named(table: object, named: str) -> None:
    with pytest.raises(ConfigError, match=r"products\.p\.backfill") as caught:
        read_pacing(table, "products.p.backfill")
    assert named in str(caught.value)
