"""Which answers follow, where a product is declared to answer a window in pages.

All pages of a window are one answer: who asks takes them together or not at all. A product that sends the same page
again, or names a page that was asked already, is refused: it would never end, or end with rows missing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote_plus, urljoin, urlsplit

from halfopen.config.dialect import Pages
from halfopen.sync import more
from halfopen.sync.addresses import encoded
from halfopen.sync.refusal import Refusal
from halfopen.sync.transfer import Transfer

MOST_PAGES: Final = 100_000
_OK: Final = 200
_LINK: Final = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+^`|~*.-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)')
_REL: Final = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]*))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked: an address without a query, and the raw query without credentials."""

    url: str
    query: str

    def with_parameter(self, name: str, value: str) -> "Target":
        """With this parameter in place of any of its name."""
        return Target(self.url, _joined(_without(self.query, {name}), f"{quote(name)}={quote(value, safe='')}"))


class Paging:
    """The pages of one window; `section` of the configuration declares how they are turned."""

    def __init__(self, pages: Pages, first: Target, section: str = "the product's dialect") -> None:
        self._pages = pages
        self._section = section
        self._number = pages.first if pages.by == "page" else 0
        if pages.size is not None:
            first = first.with_parameter(pages.size_parameter, str(pages.size))
        if pages.by == "page":
            first = self._numbered(first)
        self.target = first
        self._asked = {first}
        self._digests: set[str] = set()
        self._rows = 0
        self._knows_end = False

    def turn(self, got: Transfer, document: Mapping[str, Any], rows: int, credentials: frozenset[str]) -> Target | None:
        """What to ask after a page with `rows` rows, None after the last one.

        document: what its envelope says. credentials: names of parameters that signing adds, which a product may
        repeat in the addresses that it gives.

        Raises:
            Refusal: the pages go in a circle, lead to another host, or cannot be told apart.
        """
        target = self._following(got, document, rows)
        if rows:
            if got.digest in self._digests:
                raise Refusal(
                    f"page {len(self._asked)} is the same as one before it: is {self._named()} what it turns pages by?",
                    status=_OK,
                )
            self._digests.add(got.digest)
        self._rows += rows
        if target is None:
            self._demand_end(got, document)
            return None
        target = Target(target.url, _without(target.query, credentials))
        if target in self._asked or len(self._asked) >= MOST_PAGES:
            raise Refusal(f"page {len(self._asked)} leads back to a page that was asked already", status=_OK)
        self._asked.add(target)
        self.target = target
        return target

    def _following(self, got: Transfer, document: Mapping[str, Any], rows: int) -> Target | None:
        match self._pages.by:
            case "link":
                address = next_link(got.headers)
                return None if address is None else self._address(address)
            case "next":
                return self._named_next(document)
            case "page":
                self._number += 1
            case "offset":
                self._number += rows
        return self._numbered(self.target) if rows else None

    def _demand_end(self, got: Transfer, document: Mapping[str, Any]) -> None:
        """Refuse an end that only the declared way of turning pages sees, and the page itself does not."""
        if self._pages.by in {"page", "offset"}:
            found = more.flagged(document)
        else:
            found = more.following(next_link(got.headers), document, self.target.query)
            if found is None and len(self._asked) == 1 and not self._knows_end:
                found = more.counted(document, lambda: self._rows)
        if found is not None:
            raise Refusal(
                f"page {len(self._asked)} is the last by {self._named()}, and says itself that there is more:"
                f" {found.told(self._section)}",
                status=_OK,
            )

    def _numbered(self, target: Target) -> Target:
        return target.with_parameter(self._pages.parameter or "", str(self._number))

    def _named_next(self, document: Mapping[str, Any]) -> Target | None:
        value: Any = document
        for name in (self._pages.next or "").split("."):
            self._knows_end = isinstance(value, Mapping) and name in value
            value = value[name] if self._knows_end else None
        if isinstance(value, (list, dict)) or value in {None, "", False}:
            return None
        text = str(value)
        if self._pages.parameter is not None:
            return self.target.with_parameter(self._pages.parameter, text)
        return self._address(text)

    def _address(self, address: str) -> Target:
        whole = urljoin(f"{self.target.url}?{self.target.query}", encoded(address))
        there, here = urlsplit(whole), urlsplit(self.target.url)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise Refusal(
                f"the next page is at {there.scheme}://{there.netloc.rpartition('@')[2]}, where credentials do not"
                " travel; name that address as the product's url",
                status=_OK,
            )
        return Target(f"{there.scheme}://{there.netloc}{there.path}", there.query)

    def _named(self) -> str:
        return repr(self._pages.parameter or self._pages.next or "Link")


def added_parameters(before: str, after: str) -> frozenset[str]:
    """Names of the parameters that signing put into a query."""
    return frozenset(name for name, _ in parse_qsl(after, keep_blank_values=True)) - frozenset(
        name for name, _ in parse_qsl(before, keep_blank_values=True)
    )


def next_link(headers: Mapping[str, str]) -> str | None:
    """The address of `rel="next"` (RFC 8288), in any of the Link headers."""
    everyone: Callable[..., list[str]] | None = getattr(headers, "getall", None)
    lines = everyone("Link", []) if everyone is not None else [headers[name] for name in headers if name == "Link"]
    for address, parameters in (found for line in lines for found in _LINK.findall(line)):
        relation = _REL.search(parameters)
        if relation and "next" in (relation[1] or relation[2]).lower().split():
            return str(address)
    return None


def _without(query: str, names: frozenset[str] | set[str]) -> str:
    return "&".join(part for part in query.split("&") if part and unquote_plus(part.partition("=")[0]) not in names)


def _joined(*parts: str) -> str:
    return "&".join(part for part in parts if part)
