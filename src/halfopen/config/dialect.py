"""`[products.<name>.dialect]`: how a product's answers differ from what the requirements describe."""

from typing import Literal

import msgspec

from halfopen.config.reading import known, record
from halfopen.config.zones import check_zone
from halfopen.contract.load import feeds
from halfopen.errors import ConfigError
from halfopen.wire import charset


class Booleans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words for true and false besides true, false, 1, 0, t, f, yes and no, in any case; `""` is the empty value."""

    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()


class Pages(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a window that comes in several answers is asked for; all of them together are one answer.

    by: `link` follows the header `Link: <...>; rel="next"`; `next` follows what the envelope names at the path `next`,
    an address, or a word that is sent as `parameter`; `page` counts `parameter` up from `first`, and `offset` sends in
    `parameter` how many rows it has, both until an answer has no rows.
    """

    by: Literal["link", "next", "page", "offset"]
    parameter: str | None = None
    first: int = 1
    next: str | None = None
    size: int | None = None
    """Rows to ask for in one answer, sent as `size_parameter`; without it nothing is sent."""
    size_parameter: str = "limit"


class Dialect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[products.<name>.dialect]` whole."""

    rows: str | dict[str, str] = ""
    """Where in JSON the rows are, names with dots between them; for all feeds, or for each by its name."""
    delimiter: str = ","
    encoding: str | None = None
    decimal: Literal[".", ","] = "."
    booleans: Booleans = Booleans()
    stamps: Literal["text", "epoch_seconds", "epoch_milliseconds"] = "text"
    timezone: str = "UTC"
    """Of stamps that say none."""
    window_timezone: str = "UTC"
    """In which `from` and `to` are sent."""
    pages: Pages | None = None
    empty_body: bool = False
    """Answers without rows are empty to the last byte. Not so by default: a program that ran out of memory answers the
    same, and rows would be taken for none."""

    def rows_of(self, feed: str) -> tuple[str, ...]:
        """The path to the rows of `feed`; empty where none is declared."""
        text = self.rows if isinstance(self.rows, str) else self.rows.get(feed, "")
        return tuple(text.split(".")) if text else ()


PLAIN = Dialect()


def section_of(product: str) -> str:
    """The heading of the section of a product's dialect, for an error to name."""
    return f"[products.{product}.dialect]" if "." not in product else f'[products."{product}".dialect]'


def read_dialect(table: object, where: str) -> Dialect:
    """The dialect as a record; ConfigError for whatever does not fit."""
    prepared = dict(table) if isinstance(table, dict) else table
    if isinstance(prepared, dict):
        for name, kind in (("booleans", Booleans), ("pages", Pages)):
            if name in prepared:
                prepared[name] = record(kind, prepared[name], f"{where}.{name}")
    dialect = record(Dialect, prepared, where)
    _check(dialect, where)
    return dialect


def _check(dialect: Dialect, where: str) -> None:
    if isinstance(dialect.rows, dict):
        known(dialect.rows, feeds(), f"{where}.rows", "feed")
    if len(dialect.delimiter) != 1 or not dialect.delimiter.isascii() or dialect.delimiter in '"\r\n':
        raise ConfigError(f'{where}.delimiter: found {dialect.delimiter!r}, needs one character like ";" or "\\t"')
    if dialect.encoding is not None and not charset.known(dialect.encoding):
        raise ConfigError(f'{where}.encoding: found {dialect.encoding!r}, needs a name like "windows-1252" or "utf-16"')
    for key in ("timezone", "window_timezone"):
        check_zone(getattr(dialect, key), f"{where}.{key}")
    _check_booleans(dialect.booleans, f"{where}.booleans")
    if dialect.pages is not None:
        _check_pages(dialect.pages, f"{where}.pages")


def _check_booleans(words: Booleans, where: str) -> None:
    both = {word.strip().casefold() for word in words.true} & {word.strip().casefold() for word in words.false}
    if both:
        raise ConfigError(f"{where}: {min(both)!r} cannot be both true and false")


def _check_pages(pages: Pages, where: str) -> None:
    if pages.by in {"page", "offset"} and pages.parameter is None:
        raise ConfigError(f'{where}: parameter is missing; write the name of the query\'s parameter, like "page"')
    if pages.by == "next" and pages.next is None:
        raise ConfigError(f'{where}: next is missing; write where the envelope names it, like "meta.next_cursor"')
    for key in ("parameter", "size_parameter"):
        if getattr(pages, key) in {"", "from", "to"}:
            raise ConfigError(f"{where}.{key}: found {getattr(pages, key)!r}, needs a name other than from and to")
    if pages.size is not None and pages.size < 1:
        raise ConfigError(f"{where}.size: found {pages.size}, needs 1 or more")
