"""Where an offset loses what it was meant to save."""

from collections.abc import Collection

from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds as contract_feeds
from halfopen.contract.model import FeedKind

_CHANGING = frozenset({FeedKind.MUTABLE, FeedKind.AGGREGATE})


def _starved(product: ProductConfig, chosen: Collection[str] = ()) -> list[str]:
    """Feeds (of the chosen ones, else of all) whose rows change, and that are asked only after an offset."""
    return [
        feed
        for feed in product.feeds
        if (not chosen or feed in chosen) and product.offset_of(feed) and contract_feeds()[feed].kind in _CHANGING
    ]


def warning(product: ProductConfig, chosen: Collection[str] = ()) -> str | None:
    """One line that says what an offset does to feeds whose rows change; None where it does no harm."""
    found = _starved(product, chosen)
    if not found:
        return None
    return (
        f"products.{product.name}: an offset on {', '.join(found)}: a row that changes again within it is in no"
        " window that is asked; offset 0s with re-reads loses nothing"
    )
