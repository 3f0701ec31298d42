"""`[products.<name>]`: a casino or a sportsbook to pull from."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from halfopen.auth import schemes
from halfopen.config import moments
from halfopen.config.backfill import UNPACED, Pacing, read_pacing
from halfopen.config.dialect import PLAIN, Dialect, read_dialect
from halfopen.config.reading import at, known, record
from halfopen.config.urls import is_web, quoted
from halfopen.contract.load import feeds
from halfopen.errors import ConfigError
from halfopen.window.ladder import DEFAULT, Rung, scaled

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
_SECOND = timedelta(seconds=1)
CATALOGUE_CADENCE = timedelta(minutes=15)
"""How often a full catalogue is read, unless its cadence is given."""


class ProductConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[products.<name>]` whole."""

    name: str
    url: str
    auth: Mapping[str, Any] = msgspec.field(default_factory=lambda: {"scheme": "none"})
    format: Literal["csv", "json", "ndjson", "auto"] = "auto"
    cadence: timedelta = timedelta(minutes=1)
    cadences: dict[str, timedelta] = {}
    offset: timedelta = timedelta(0)
    offsets: dict[str, timedelta] = {}
    ladder: tuple[Rung, ...] = DEFAULT
    """Scaled with the cadence unless the file gives one."""
    since: datetime | None = None
    """Aware UTC: where live pulling starts when there is no ledger yet."""
    space: Literal["%20", "+"] = "%20"
    paths: dict[str, str] = {}
    feeds: tuple[str, ...] = tuple(feeds())
    columns: dict[str, dict[str, str]] = {}
    """Feed -> contract field -> the product's name for it, where they differ."""
    catalogues: tuple[str, ...] = ()
    """Feeds that answer with all their rows, whatever the window."""
    dialect: Dialect = PLAIN
    backfill: Pacing = UNPACED
    ca: Path | None = None
    """Certificates to trust in place of the system's, PEM."""
    proxy: str | None = None

    def path(self, feed: str) -> str:
        """Where the product serves `feed`."""
        return self.paths.get(feed, feeds()[feed].path)

    def cadence_of(self, feed: str) -> timedelta:
        """Length and rhythm of the live windows of `feed`."""
        if feed in self.catalogues:
            return self.cadences.get(feed, max(self.cadence, CATALOGUE_CADENCE))
        return self.cadences.get(feed, self.cadence)

    def ladder_of(self, feed: str) -> tuple[Rung, ...]:
        """When committed windows of `feed` are asked again; a catalogue is whole each time."""
        return () if feed in self.catalogues else self.ladder

    def offset_of(self, feed: str) -> timedelta:
        """How long after its end a window of `feed` is first asked."""
        return self.offsets.get(feed, self.offset)


def read_product(name: str, table: object, where: str, base: Path | None = None) -> ProductConfig:
    """One product as a record; `base` is the folder that relative paths count from, by default the one we are in.

    Raises:
        ConfigError: something does not fit.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: a product's name is letters, digits, '_', '.' and '-', found {name!r}")
    if not isinstance(table, dict):
        raise ConfigError(f'{where}: write it as a section, [{where}] with url = "https://..."')
    prepared = dict(table)
    if "ladder" in table:
        prepared["ladder"] = _ladder(table["ladder"], f"{where}.ladder")
    if "since" in table:
        with at(f"{where}.since"):
            prepared["since"] = moments.parse(table["since"])
    if "dialect" in table:
        prepared["dialect"] = read_dialect(table["dialect"], f"{where}.dialect")
    if "backfill" in table:
        prepared["backfill"] = read_pacing(table["backfill"], f"{where}.backfill")
    if isinstance(table.get("ca"), str):
        prepared["ca"] = (base or Path()) / table["ca"]
    product = record(ProductConfig, prepared, where, derived={"name": lambda: name})
    _check(product, where)
    changes: dict[str, Any] = {"url": product.url.rstrip("/")}
    if "ladder" not in table:
        changes["ladder"] = tuple(scaled(DEFAULT, product.cadence))
    return msgspec.structs.replace(product, feeds=tuple(f for f in feeds() if f in product.feeds), **changes)


def _check(product: ProductConfig, where: str) -> None:
    _check_url(product.url, f"{where}.url")
    with at(f"{where}.auth"):
        schemes.signer(product.auth)
    for key in ("cadences", "offsets", "paths", "columns"):
        known(getattr(product, key), feeds(), f"{where}.{key}", "feed")
    known(product.feeds, feeds(), f"{where}.feeds", "feed")
    if not product.feeds:
        raise ConfigError(f"{where}.feeds: names no feed; leave it out for all {len(feeds())}")
    known(product.catalogues, feeds(), f"{where}.catalogues", "feed")
    _check_road(product, where)
    _check_paths(product.paths, f"{where}.paths")
    for feed, columns in product.columns.items():
        _check_columns(feed, columns, f"{where}.columns.{feed}")
    _check_cadence(product.cadence, f"{where}.cadence")
    for feed, cadence in product.cadences.items():
        _check_cadence(cadence, f"{where}.cadences.{feed}")


class _Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    span: timedelta
    after: timedelta


def _ladder(rungs: object, where: str) -> tuple[Rung, ...]:
    if not isinstance(rungs, list):
        raise ConfigError(f'{where}: write a list of rungs, [ {{ span = "5m", after = "1m" }} ]')
    return tuple(_rung(rung, f"{where}[{number}]") for number, rung in enumerate(rungs))


def _rung(table: object, where: str) -> Rung:
    rung = record(_Rung, table, where)
    if rung.span < _SECOND or rung.span % _SECOND:
        raise ConfigError(f"{where}.span: windows are cut on whole seconds, so a span is a whole number of them")
    return Rung(rung.span, rung.after)


def _check_url(url: str, where: str) -> None:
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise ConfigError(f"{where}: credentials do not belong into the address; name them in auth")
    if not is_web(url):
        raise ConfigError(f'{where}: found {quoted(url)}, needs an address like "https://space-vegas.com"')
    if set(url) & set("?#"):
        raise ConfigError(f"{where}: found {quoted(url)}; what follows the path belongs into paths, for each feed")


def _check_paths(paths: Mapping[str, str], where: str) -> None:
    for feed, path in paths.items():
        if not path.startswith("/") or "#" in path:
            raise ConfigError(f'{where}.{feed}: found {path!r}, needs a path below the url, like "/api/{feed}"')


def _check_columns(feed: str, columns: Mapping[str, str], where: str) -> None:
    """Fields that there are, and no two of them from one column."""
    known(columns, feeds()[feed].fields, where, "field")
    takers: dict[str, str] = {}
    for field, column in columns.items():
        if (other := takers.setdefault(column, field)) != field:
            raise ConfigError(f"{where}: {other} and {field} are both called {column!r}; a column has one field")


def _check_road(product: ProductConfig, where: str) -> None:
    """What lies between here and the product."""
    if product.ca is not None and not product.ca.is_file():
        raise ConfigError(f"{where}.ca: there is no file {str(product.ca)!r}; it holds certificates in PEM")
    if product.proxy is not None and not is_web(product.proxy, ("http",)):
        raise ConfigError(f'{where}.proxy: needs an address like "http://proxy.example:3128"')


def _check_cadence(cadence: timedelta, where: str) -> None:
    if cadence < _SECOND or cadence % _SECOND:
        raise ConfigError(
            f"{where}: windows are cut on whole seconds, so a cadence is a whole number of them, 1s or more"
        )
