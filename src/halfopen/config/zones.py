"""Names of time zones."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from halfopen.errors import ConfigError


def check_zone(name: str, where: str) -> None:
    """ConfigError unless `name` is a zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f'{where}: found {name!r}, which is no IANA time zone; write one like "UTC" or "Europe/Riga"'
        ) from None
