"""Whether an answer is one page of several."""

import re
from collections.abc import Mapping
from typing import Any, Final

from halfopen.check.observe import Observation

_PAGES: Final = frozenset(
    {
        "page",
        "perpage",
        "pagesize",
        "cursor",
        "offset",
        "limit",
        "pagination",
        "paging",
        "number",
        "size",
        "currentpage",
    }
)
"""Names in an envelope that speak of pages, as `_plain` has them."""
_COUNTS: Final = frozenset({"pages", "totalpages", "lastpage", "pagecount"})
_TOTALS: Final = ("total", "totalcount", "totalelements", "totalitems", "recordstotal", "count")
_FURTHER: Final = frozenset(
    {
        "next", "nextpage", "nextpageurl", "nexturl", "nextlink", "nextcursor", "nexttoken", "nextpagetoken",
        "nextpagecursor", "hasmore", "hasnext", "hasnextpage", "continuation", "continuationtoken",
    }
)  # fmt: skip
_LINK: Final = re.compile(r"""\brel=["']?next\b""", re.IGNORECASE)


def is_paginated(answer: Observation) -> bool:
    """Whether an answer says that there is more: a name of the envelope, or a header."""
    headers = {_plain(name).removeprefix("x"): value for name, value in answer.exchange.headers.items()}
    if _LINK.search(headers.get("link", "")) or _goes_on(headers):
        return True
    names = {_plain(name): value for name, value in answer.around.items()}
    for meta in [value for value in names.values() if isinstance(value, dict)]:
        names |= {_plain(name): value for name, value in meta.items()}
    total = next((names[n] for n in _TOTALS if isinstance(names.get(n), int)), 0)
    speaks_of_pages = bool((_PAGES | _COUNTS | _FURTHER) & names.keys())
    return (total > len(answer.rows) and speaks_of_pages) or _goes_on(names)


def _goes_on(said: Mapping[str, Any]) -> bool:
    """Whether there is a further page, or a count of several."""
    if any(str(said[name]).casefold() not in {"", "none", "false", "0", "{}"} for name in _FURTHER & said.keys()):
        return True
    return any(str(said[name]).isdecimal() and int(said[name]) > 1 for name in _COUNTS & said.keys())


def _plain(name: str) -> str:
    """`next_page`, `nextPage`, `X-Next-Page` and `@odata.nextLink` alike: letters alone, after the last dot."""
    return "".join(letter for letter in name.rpartition(".")[2].casefold() if letter.isalpha())
