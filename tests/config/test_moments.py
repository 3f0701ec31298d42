from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from halfopen.config.moments import parse
from halfopen.errors import ConfigError

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-01",
        "2026-01-01 00:00:00",
        "2026-01-01T02:00:00+02:00",
        date(2026, 1, 1),
        datetime(2026, 1, 1),  # noqa: DTZ001 - TOML's local date-time has no zone
        datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_moments_and_days(value):
    assert parse(value) == NEW_YEAR


@pytest.mark.parametrize("value", ["", "2026", "2026-02-31", "yesterday", "2026-01-01 ", 2026, None])
def test_anything_else_says_what_to_write(value):
    with pytest.raises(ConfigError, match=r"YYYY-MM-DD|2026-01-01"):
        parse(value)
