"""Whether an answer says itself that there is more behind it, and how to declare that.

A page that is taken for the whole loses all rows behind it, and nothing would ever tell. So what products usually say
of further pages is looked for in every answer after which nothing more would be asked.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from halfopen.errors import MomentError
from halfopen.sync.refusal import Refusal
from halfopen.wire import moment

_OK: Final = 200
_DEEPEST: Final = 4
_MOST_SHOWN: Final = 100
_AROUND: Final = frozenset(
    {
        "links", "meta", "metadata", "page", "pages", "paging", "pagination", "pager", "pageinfo", "paginator",
        "cursor", "cursors", "responsemetadata", "resultinfo", "navigation", "nav",
        "data", "items", "results", "rows", "records", "result", "response", "body", "payload", "content",
    }
)  # fmt: skip
"""Objects in an envelope that may speak of pages; names here and below are plain, see `_plain`."""
_NEXT: Final = frozenset(
    {
        "next", "nextpage", "nexturl", "nextpageurl", "nextlink", "nexthref", "nexturi", "nextcursor", "nexttoken",
        "nextpagetoken", "nextpagecursor", "nextoffset", "nextmarker", "nextkey", "odatanextlink",
        "nextcontinuationtoken", "continuationtoken",
    }
)  # fmt: skip
_MORE: Final = frozenset(
    {
        "more", "hasmore", "hasnext", "hasnextpage", "hasmorepages", "hasmoreitems", "hasmorerows", "hasmorerecords",
        "hasmoreresults", "hasmoredata", "moreavailable", "morepages", "moreresults", "istruncated", "truncated",
    }
)  # fmt: skip
_LAST: Final = frozenset({"last", "islast", "islastpage"})
_PAGES: Final = frozenset({"totalpages", "numpages", "pages", "lastpage"})
_TOTALS: Final = frozenset(
    {"total", "totalcount", "totalitems", "totalelements", "totalresults", "totalrows", "totalrecords"}
)
_SIZES: Final = frozenset({"limit", "perpage", "pagesize", "itemsperpage", "size"})
_NO_PAGE: Final = frozenset({"", "0", "null", "none", "false"})
_IN_LIST: Final = "[]"
_BY_LINK: Final = '{ by = "link" }'
_BY_PAGE: Final = '{ by = "page", parameter = "page" }'

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class More:
    """What says that there is more, quoted; and the value of `pages` that follows it, None where there is none."""

    found: str
    pages: str | None

    def told(self, section: str) -> str:
        """What to do and what was found; section: of the configuration, where that is to be done."""
        if self.pages is None:
            return f"no pages = {{ ... }} can follow that, ask the product for a Link header; found {self.found}"
        return f"set pages = {self.pages}, or however it turns its pages, in {section}; found {self.found}"


def demand_whole(
    link: str | None, document: Mapping[str, Any], query: str, rows: Callable[[], int], section: str
) -> None:
    """Refuse an answer that says that it is one page of several, where no pages are declared.

    link: the address of its header Link. query: what was asked.
    """
    more = following(link, document, query) or counted(document, rows)
    if more is not None:
        raise Refusal(f"the answer says that there is more behind it: {more.told(section)}", status=_OK)


def following(link: str | None, document: Mapping[str, Any], query: str) -> More | None:
    """Whether a header, or an envelope, names the next page or says that there is one.

    `query` asked for this answer: an address that asks for a later window is not of its pages.
    """
    if link is not None and not _leaves(link, query):
        return More(f"Link: {_shown(link)}", _BY_LINK)
    said = flagged(document)
    if said is None and any(_plain(path[-1]) in _MORE and value is False for path, value in _said(document)):
        return None  # a word may be handed out for the next poll
    named = (_named(path, value, query) for path, value in _said(document) if _plain(path[-1]) in _NEXT)
    return next((more for more in named if more is not None), said)


def flagged(document: Mapping[str, Any]) -> More | None:
    """Whether an envelope says yes to whether there is more."""
    for path, value in _said(document):
        plain, word = _plain(path[-1]), str(value).strip().casefold()
        is_not_last = plain in _LAST and value is False and not any(_plain(name) == "links" for name in path)
        if (plain in _MORE and word in {"true", "1"}) or is_not_last:
            return More(_told(path, value), _BY_PAGE)
    return None


def counted(document: Mapping[str, Any], rows: Callable[[], int]) -> More | None:
    """Whether an envelope counts more pages than one, or more rows than these of a full page."""
    names = {_plain(path[-1]): (path, value) for path, value in _said(document)}
    if any(value in (None, False, "") for name, (_, value) in names.items() if name in _NEXT | _MORE):
        return None  # a count may be of more than was asked for
    for name in sorted(_PAGES & names.keys()):
        if _number(names[name][1]) > 1:
            return More(_told(*names[name]), _BY_PAGE)
    full = max((_number(names[name][1]) for name in _SIZES & names.keys()), default=0)
    for name in sorted(_TOTALS & names.keys()):
        total = _number(names[name][1])
        if 0 < full < total and full <= rows() < total:
            return More(f"{_told(*names[name])}, and {full:,} of them here", _BY_PAGE)
    return None


def _said(value: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """All that an envelope says where it may speak of pages, outside of lists but for one of links."""
    for name, inner in value.items():
        here = (*path, name)
        yield here, inner
        if isinstance(inner, Mapping) and len(here) < _DEEPEST and (_plain(name) in _AROUND or _held_rows(inner)):
            yield from _said(inner, here)
        elif isinstance(inner, list) and _plain(name) == "links":
            links = (one for one in inner if isinstance(one, Mapping) and "rel" in one)
            yield from (((*here, _IN_LIST, str(link["rel"])), link.get("href")) for link in links)


def _held_rows(value: Mapping[str, Any]) -> bool:
    """Whether rows were here: where they stood, what is left of an envelope has an empty list."""
    return any(inner == [] for inner in value.values())


def _named(path: Path, value: Any, query: str) -> More | None:
    """What a name for the next page holds, if anything: an address, an object with one, or a word."""
    if isinstance(value, Mapping):
        name = next((name for name in ("href", "url") if name in value), None)
        return None if name is None else _named((*path, name), value[name], query)
    if isinstance(value, list) or str(value).strip().casefold() in _NO_PAGE:
        return None
    if value is True:
        return More(_told(path, value), _BY_PAGE)
    is_address = _is_address(path[-1], str(value))
    if is_address and _leaves(str(value), query):
        return None
    return More(_told(path, value), _declared(path, str(value), is_address=is_address))


def _is_address(name: str, text: str) -> bool:
    return text.startswith(("/", "?", "http:", "https:", "./")) or _plain(name).endswith(("url", "link", "href", "uri"))


def _declared(path: Path, text: str, *, is_address: bool) -> str | None:
    """The TOML that follows this; none for what lies in a list, or behind a name with a dot in it."""
    if _IN_LIST in path or any("." in name for name in path):
        return None
    where = f'by = "next", next = {_quoted(".".join(path))}'
    if is_address:
        return f"{{ {where} }}"
    parameter = re.sub(r"(?i)^next[_-]?", "", path[-1]) or ("page" if text.isdigit() else "cursor")
    return f"{{ {where}, parameter = {_quoted(parameter[0].lower() + parameter[1:])} }}"


def _leaves(address: str, query: str) -> bool:
    """Whether an address asks for what lies behind the window of `query`."""
    try:
        there = moment.window_from_query(urlsplit(address).query)
        return there.start >= moment.window_from_query(query).end
    except (MomentError, ValueError):
        return False


def _plain(name: str) -> str:
    """A name in lower case, with nothing but its letters."""
    return re.sub(r"[^a-z]", "", name.casefold())


def _told(path: Path, value: Any) -> str:
    return f"{'.'.join(path)!r}: {_shown(value)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "..."


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(value: Any) -> int:
    """A count, also as text; 0 for what is none."""
    text = "" if isinstance(value, bool) else str(value)
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else 0
