"""What a page is given and what it gives; the application knows no more of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from starlette.types import Scope

from halfopen.serve.mapping import Offer, Offers


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks, by which address of ours; headers with names in lower case."""

    scope: Scope
    headers: Mapping[str, str] = field(repr=False)
    caller: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole answer."""

    body: bytes = field(repr=False)
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Page(Protocol):
    """Shows one page."""

    async def __call__(self, visit: Visit) -> Shown:
        """What is to be sent."""
        ...


def own_paths(offers: Offers, offer: Offer) -> list[str]:
    """Where a feed is served, each path once; another feed may have been given one that is this feed's by default."""
    return [path for path in dict.fromkeys(offer.paths) if offers.paths.get(path) == offer.feed.name]
