import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from halfopen.sync.texts import plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        ("", ""),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (Decimal("12345678901234567890.000000000000000001"), "12345678901234567890.000000000000000001"),
        (Decimal("1E-18"), "0.000000000000000001"),
        (Decimal("1E+3"), "1000"),
        (datetime(2026, 3, 1, 12, 0, 1), "2026-03-01 12:00:01"),  # noqa: DTZ001 - a TIMESTAMP has no zone
        (datetime(2026, 3, 1, 12, 0, 1, 5, tzinfo=UTC), "2026-03-01 12:00:01.000005"),
        (datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2026-03-01 10:00:00"),
        (date(2026, 3, 1), "2026-03-01"),
        (b"\x00\xff", "00ff"),
        ({"a": [Decimal("1.10"), None]}, {"a": ["1.10", None]}),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_values_keep_every_digit(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)
    json.dumps(plain(value), allow_nan=False)
