"""Lengths of time as people write them: `90s`, `15m`, `2h`, `7d`."""

import re
from datetime import timedelta

from halfopen.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_GRAMMAR = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd])", re.ASCII)


def parse(text: object) -> timedelta:
    """The length of time that `text` names; ConfigError for anything but a number and one of s, m, h, d."""
    found = _GRAMMAR.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ConfigError(f'found {text!r}, which is no length of time; write one like "90s", "15m", "2h" or "7d"')
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def text(length: timedelta) -> str:
    """The shortest way to write `length`, in whole seconds or fractions of them."""
    seconds = length.total_seconds()
    for unit, size in reversed(_UNITS.items()):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


def roughly(seconds: float) -> str:
    """For people: the largest unit of which there are at least two, like `4 s`, `35 min`, `12 h`, `324 d`."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:,.0f} {unit}"
    return f"{seconds:.0f} s"
