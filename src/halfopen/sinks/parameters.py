"""Which parameters a statement names, as `$p_seq`: what stands in quotes is somebody's text, whatever it looks like."""

import re
from functools import lru_cache

_QUOTED_OR_PARAMETER = re.compile(r"""'[^']*'|"[^"]*"|\$p_([a-z_]+)""")
"""A doubled quote within a text reads as the end of one and the start of the next, which comes to the same."""


@lru_cache(maxsize=1024)
def names(sql: str) -> tuple[str, ...]:
    """The names without `$p_`, each once, in the order in which they first come."""
    return tuple(dict.fromkeys(found[1] for found in _QUOTED_OR_PARAMETER.finditer(sql) if found[1]))


@lru_cache(maxsize=1024)
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with `$1` and so on for `$p_name`, and the names in that order."""
    order = names(sql)

    def number(found: re.Match[str]) -> str:
        return f"${order.index(found[1]) + 1}" if found[1] else found[0]

    return _QUOTED_OR_PARAMETER.sub(number, sql), order
