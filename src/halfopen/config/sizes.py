"""Sizes as people write them: `500MB`, `2GiB`, or a number of bytes."""

import re
from typing import Final

from halfopen.errors import ConfigError

_SIZE: Final = re.compile(r"([0-9]{1,15})\s*([kKMGT]i?)?B?", re.ASCII)
_UNITS: Final = {"": 1, "k": 1000, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}


def parse(value: object) -> int:
    """Bytes; ConfigError for what is no size."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ConfigError(f'found {value!r}, needs a size like "500MB" or "2GiB"')
    unit = found[2] or ""
    factor = 1024 ** "KMGT".index(unit[0].upper()) * 1024 if unit.endswith("i") else _UNITS[unit]
    return int(found[1]) * factor
