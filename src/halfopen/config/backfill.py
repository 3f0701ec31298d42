"""`[products.<name>.backfill]`: how gently a product's past is read, by backfills, catch-ups and reconciliations."""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from halfopen.config import sizes
from halfopen.config.reading import at, record
from halfopen.config.zones import check_zone
from halfopen.errors import ConfigError

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)", re.ASCII)


class Pacing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[products.<name>.backfill]` whole; the limits hold for all feeds of the product together."""

    requests_per_second: float | None = None
    bytes_per_second: int | None = None
    """Of decompressed answers."""
    hours: str | None = None
    """Off-peak hours, like `01:00-07:00`; they may go over midnight. Outside of them nothing of the past is asked."""
    timezone: str = "UTC"
    """Of `hours`."""

    @property
    def is_limited(self) -> bool:
        """Whether anything is limited at all."""
        return self != UNPACED

    def opens(self, now: datetime) -> datetime:
        """`now` within the hours, else when they begin next, in the zone of `now`."""
        found = _HOURS.fullmatch(self.hours or "")
        if found is None:
            return now
        zone = ZoneInfo(self.timezone)
        local = now.astimezone(zone)
        first, last = (int(found[1]), int(found[2])), (int(found[3]), int(found[4]))
        clock = (local.hour, local.minute)
        within = first <= clock < last if first < last else clock >= first or clock < last
        if within:
            return now
        days = (local.date() + timedelta(days=ahead) for ahead in range(3))
        moments = (datetime.combine(day, time(*first), tzinfo=zone).astimezone(now.tzinfo) for day in days)
        return next(moment for moment in moments if moment > now)


UNPACED = Pacing()


def read_pacing(table: object, where: str) -> Pacing:
    """The section as a record; ConfigError for whatever does not fit."""
    prepared = dict(table) if isinstance(table, dict) else table
    if isinstance(prepared, dict) and "bytes_per_second" in prepared:
        with at(f"{where}.bytes_per_second"):
            prepared["bytes_per_second"] = sizes.parse(prepared["bytes_per_second"])
    pacing = record(Pacing, prepared, where)
    for name in ("requests_per_second", "bytes_per_second"):
        value = getattr(pacing, name)
        if value is not None and not value > 0:
            raise ConfigError(f"{where}.{name}: found {value}, needs more than 0; leave it out for no limit")
    _check_hours(pacing, where)
    return pacing


def _check_hours(pacing: Pacing, where: str) -> None:
    found = _HOURS.fullmatch("00:00-24:00" if pacing.hours is None else pacing.hours)
    if found is None or found.group(1, 2) == found.group(3, 4) or found[3] + found[4] > "2400":
        raise ConfigError(f'{where}.hours: found {pacing.hours!r}, needs a time of day like "01:00-07:00"')
    check_zone(pacing.timezone, f"{where}.timezone")
