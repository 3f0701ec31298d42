"""Moments as people write them, in files and commands: the grammar of the wire, or a day alone."""

import re
from datetime import UTC, date, datetime

from halfopen.errors import ConfigError, MomentError
from halfopen.wire import moment

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse(value: object) -> datetime:
    """An aware UTC moment; a day alone is its first moment in UTC. ConfigError for anything else."""
    if isinstance(value, date):
        value = value.isoformat()
    if not isinstance(value, str):
        raise ConfigError('write a moment in UTC, like "2026-01-01 00:00:00"')
    try:
        return moment.parse(f"{value} 00:00:00" if _DAY.fullmatch(value) else value).astimezone(UTC)
    except MomentError as error:
        raise ConfigError(str(error)) from None
