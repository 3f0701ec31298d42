"""`[mirror.alerts]`: when to tell somebody that the mirror cannot be trusted."""

from datetime import timedelta

import msgspec

from halfopen.config.reading import at, record
from halfopen.config.urls import is_web
from halfopen.errors import ConfigError


class AlertsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[mirror.alerts]` whole; shares are of the rows of the last hour."""

    webhook: str
    """Where alerts are posted as JSON; it may hold a secret, so it is never shown."""
    max_lag: timedelta = timedelta(minutes=15)
    """A watermark may be so old, beyond the cadence and the offset."""
    max_hole_age: timedelta = timedelta(hours=1)
    late_share: float = 0.001
    """Rows that came late, of all."""
    quarantine_share: float = 0.05
    """Rows that could not be used, of all."""
    again: timedelta = timedelta(hours=6)
    """An alert that stays true is told again after so long."""


def read_alerts(table: object, where: str) -> AlertsConfig:
    """The section as a record; ConfigError for whatever does not fit."""
    config = record(AlertsConfig, table, where)
    with at(f"{where}.webhook"):
        if not is_web(config.webhook):
            raise ConfigError('needs an address like "https://hooks.example.com/${HOOK_TOKEN}"')
    for name in ("late_share", "quarantine_share"):
        if not 0 < getattr(config, name) <= 1:
            raise ConfigError(f"{where}.{name}: found {getattr(config, name)!r}, needs a share between 0 and 1")
    for name in ("max_lag", "max_hole_age", "again"):
        if getattr(config, name) <= timedelta(0):
            raise ConfigError(f'{where}.{name}: needs a length of time like "15m"')
    return config
