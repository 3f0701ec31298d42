"""Addresses as products write them, made fit to be sent: a blank in one would break the request line in two."""

import re
from typing import Final
from urllib.parse import quote

_RESERVED: Final = ":/?#[]@!$&'()*+,;="
_BARE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def encoded(address: str) -> str:
    """With a percent sign and digits for whatever may not stand in an address, and with nothing else changed."""
    whole = _BARE_PERCENT.sub("%25", address.strip())
    return quote(whole, safe=_RESERVED + "%", errors="surrogateescape")
