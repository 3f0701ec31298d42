"""Status for people and programs: what the mirror says of itself, and what only the clock knows."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from halfopen.config.product import ProductConfig
from halfopen.wire.moment import plain

_NONE = timedelta(0)
_EMPTY: dict[str, Any] = {
    "watermark": None,
    "frontier": None,
    "holes": 0,
    "quarantined": 0,
    "late": 0,
    "rows": 0,
}
_ORDER = ("watermark", "frontier", "lag_seconds", "holes", "quarantined", "late", "rows")


def with_lag(
    status: Mapping[str, Any],
    products: Mapping[str, ProductConfig],
    now: datetime,
    late: Mapping[tuple[str, str], dict[str, Any]] = MappingProxyType({}),
) -> dict[str, Any]:
    """The status of section 6 of the design: every configured feed, and `lag_seconds` from watermark to `now`.

    `late` has what `sync.lateness` tells of feeds that had late rows; it goes under `lateness`.
    """
    known = status.get("products", {})
    names = {name: list(product.feeds) for name, product in products.items()}
    for name, product in known.items():
        names[name] = [*names.get(name, []), *(feed for feed in product["feeds"] if feed not in names.get(name, []))]
    return {
        "products": {
            name: {
                "feeds": {
                    feed: {
                        **_feed(known.get(name, {}).get("feeds", {}).get(feed), now),
                        **({"lateness": late[name, feed]} if (name, feed) in late else {}),
                    }
                    for feed in feeds
                }
            }
            for name, feeds in names.items()
        }
    }


def slack(products: Mapping[str, ProductConfig]) -> dict[tuple[str, str], float]:
    """Seconds by which a feed is behind its product's rhythm because it was told to be, by product and feed.

    A catalogue that is read every 15 minutes is not late after 10.
    """
    return {
        (name, feed): (max(product.cadence_of(feed) - product.cadence, _NONE) + product.offset_of(feed)).total_seconds()
        for name, product in products.items()
        for feed in product.feeds
    }


def lags(status: Mapping[str, Any], allowed: Mapping[tuple[str, str], float]) -> dict[str, float | None]:
    """Seconds behind, beyond what is allowed, by `product.feed`; None for a feed without a watermark.

    Only of feeds that `allowed` has: what is no longer configured stays in the mirror, and is pulled by nobody.
    """
    return {
        f"{name}.{feed}": None if found["lag_seconds"] is None else found["lag_seconds"] - allowed[name, feed]
        for name, product in status["products"].items()
        for feed, found in product["feeds"].items()
        if (name, feed) in allowed
    }


def _feed(found: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    whole = {**_EMPTY, **(found or {})}
    whole["watermark"], whole["frontier"] = _plain(whole["watermark"]), _plain(whole["frontier"])
    whole["lag_seconds"] = _lag(whole["watermark"], now)
    return {name: whole[name] for name in _ORDER}


def _plain(moment: Any) -> str | None:
    if isinstance(moment, datetime):
        return plain(moment)
    return moment if moment is None else str(moment)


def _lag(watermark: str | None, now: datetime) -> float | None:
    if watermark is None:
        return None
    return round((now - datetime.fromisoformat(watermark).replace(tzinfo=UTC)).total_seconds(), 3)
