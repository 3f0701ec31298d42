"""Whether an answer is one page of several."""

from typing import Final

from halfopen.check.observe import Observation

_NAMES: Final = frozenset(
    {
        "page", "pages", "total_pages", "totalpages", "last_page", "lastpage", "per_page", "perpage", "page_size",
        "pagesize", "next", "next_page", "nextpage", "next_url", "next_page_url", "cursor", "next_cursor",
        "has_more", "hasmore", "has_next", "offset", "limit", "total", "total_count", "totalcount",
        "pagination", "links", "_links", "paging",
    }
)  # fmt: skip
"""Names in an envelope that speak of pages, in lower case."""
_PAGES = _NAMES - {"total", "total_count", "totalcount", "links", "_links"}


def is_paginated(answer: Observation) -> bool:
    """Whether an answer says that there is more: a name of the envelope, or a Link header."""
    if 'rel="next"' in answer.exchange.headers.get("link", "").replace("'", '"'):
        return True
    names = {name.casefold(): value for name, value in answer.around.items()}
    for meta in [value for value in names.values() if isinstance(value, dict)]:
        names |= {name.casefold(): value for name, value in meta.items()}
    total = next(
        (names[n] for n in ("total", "total_count", "totalcount", "count") if isinstance(names.get(n), int)), None
    )
    speaks_of_pages = bool(_PAGES & names.keys())
    if total is not None and total > len(answer.rows) and speaks_of_pages:
        return True
    pages = next(
        (names[n] for n in ("pages", "total_pages", "totalpages", "last_page") if isinstance(names.get(n), int)), 0
    )
    return pages > 1 or any(bool(names[n]) for n in _NAMES & names.keys() if "next" in n or "more" in n)
