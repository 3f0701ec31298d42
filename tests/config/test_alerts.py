"""`[mirror.alerts]`, and where sync listens."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from halfopen.config.mirror import MirrorConfig, read_mirror
from halfopen.errors import ConfigError

HOOK = "https://hooks.example.com/abc"


def read(**more: Any) -> MirrorConfig:
    return read_mirror({"database": "duckdb:///m.duckdb", **more}, Path(), "mirror")


def test_lengths_and_shares_are_read() -> None:
    config = read(listen="[::1]:9400", log="json", alerts={"webhook": HOOK, "max_lag": "5m", "late_share": 0.01})
    assert config.place == ("::1", 9400)
    assert config.alerts is not None
    assert (config.alerts.max_lag, config.alerts.late_share) == (timedelta(minutes=5), 0.01)
    assert read().place is None


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"listen": "9400"}, "mirror.listen: found '9400'"),
        ({"listen": "127.0.0.1:99999"}, "mirror.listen"),
        ({"log": "xml"}, "mirror.log: unknown value"),
        ({"alerts": {}}, "mirror.alerts: webhook is missing"),
        ({"alerts": {"webhook": "hooks.example.com"}}, "mirror.alerts.webhook: needs an address"),
        ({"alerts": {"webhook": HOOK, "late_share": 2}}, "mirror.alerts.late_share"),
        ({"alerts": {"webhook": HOOK, "again": "0s"}}, "mirror.alerts.again"),
        ({"alerts": {"webhook": HOOK, "max_lags": "5m"}}, "did you mean 'max_lag'"),
    ],
)
def test_what_does_not_fit_is_told(more: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read(**more)
