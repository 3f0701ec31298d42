"""What a product's values become before they are judged: booleans, stamps and decimals in the contract's forms.

Only what a dialect declares is touched, and only a text that is what was declared: anything else passes as it came, and
is judged as such.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from halfopen.config.dialect import PLAIN, Dialect
from halfopen.contract import grammar
from halfopen.contract.model import Feed, Kind
from halfopen.window.window import Window
from halfopen.wire.csv_cells import Change
from halfopen.wire.json import Rows

STAMPS: Final = ("modified_at", "updated_at", "last_modified", "last_modified_at")
"""Names under which products send a cursor that they should have called otherwise."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,17}(?:\.[0-9]{1,9})?", re.ASCII)
_NAIVE: Final = re.compile(grammar.NAIVE)
_MIDNIGHT: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]00:00:00(?:[.]0{1,9})?(?:Z|[+-][0-9:]{2,6})?", re.ASCII)
_COMMA: Final = re.compile(r"-?[0-9]+,[0-9]+", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO_DIGITS: Final = 6
_KEPT: Final = 4096


class Changes:
    """How the columns of one feed change; `columns` maps contract fields to the product's names, where they differ."""

    def __init__(self, dialect: Dialect, feed: Feed, columns: Mapping[str, str], window: Window) -> None:
        made = {kind: change for kind, change in _by_kind(dialect, window).items() if change is not None}
        self._by_name: dict[str, Change] = {}
        if Kind.DATETIME in made:
            self._by_name = dict.fromkeys(STAMPS, made[Kind.DATETIME])
        for name, field in feed.fields.items():
            if field.kind in made:
                self._by_name[columns.get(name, name).strip().casefold()] = made[field.kind]

    def __bool__(self) -> bool:
        """Whether anything changes at all."""
        return bool(self._by_name)

    def chosen(self, names: Sequence[str]) -> dict[str, Change]:
        """The changes of those of these columns that have one."""
        found = {name: self._by_name.get(name.strip().casefold()) for name in names}
        return {name: change for name, change in found.items() if change is not None}

    def rewrite(self, rows: Rows) -> None:
        """Change rows of texts in place."""
        names: tuple[str, ...] = ()
        chosen: dict[str, Change] = {}
        for row in rows:
            if tuple(row) != names:
                names = tuple(row)
                chosen = self.chosen(names)
            for name, change in chosen.items():
                value = row[name]
                # A null of JSON is null: no empty value of CSV stands for it.
                if isinstance(value, str):
                    row[name] = change(value)


def _by_kind(dialect: Dialect, window: Window) -> dict[Kind, Change | None]:
    stamps = _stamps(dialect, window)
    decimals = _with_point if dialect.decimal == "," else None
    booleans = _booleans(dialect) if dialect.booleans != PLAIN.booleans else None
    return {
        Kind.BOOLEAN: booleans,
        Kind.DATETIME: stamps,
        Kind.DATE: _dates(dialect, stamps),
        Kind.DECIMAL: decimals,
        Kind.INTEGER: decimals,
    }


def _booleans(dialect: Dialect) -> Change:
    words = {word.strip().casefold(): "true" for word in dialect.booleans.true}
    words |= {word.strip().casefold(): "false" for word in dialect.booleans.false}

    def change(text: str | None) -> str | None:
        return words.get((text or "").strip().casefold(), text)

    return change


def _stamps(dialect: Dialect, window: Window) -> Change | None:
    if dialect.stamps != "text":
        scale = 3 if dialect.stamps == "epoch_milliseconds" else 0
        return lru_cache(_KEPT)(lambda text: _from_epoch(text, scale))
    if dialect.timezone != PLAIN.timezone:
        zone = ZoneInfo(dialect.timezone)
        return lru_cache(_KEPT)(lambda text: _from_zone(text, zone, window))
    return None


def _from_epoch(text: str | None, scale: int) -> str | None:
    """Seconds (or, with `scale` 3, milliseconds) since 1970 as a moment; 0 is how many products write "never"."""
    if text is None or not _NUMBER.fullmatch(text):
        return text
    try:
        micro = int(Decimal(text).scaleb(_MICRO_DIGITS - scale))
        return _written(_EPOCH + timedelta(microseconds=micro)) if micro else None
    except (OverflowError, InvalidOperation):
        return text


def _from_zone(text: str | None, zone: ZoneInfo, window: Window) -> str | None:
    """Local time as UTC. An hour that comes twice is read as the one in the asked window, else as the later one."""
    if text is None or not _NAIVE.fullmatch(text):
        return text
    try:
        local = datetime.fromisoformat(_to_micro(text)).replace(tzinfo=zone)
        readings = [local.replace(fold=fold).astimezone(UTC) for fold in (1, 0)]
    except (ValueError, OverflowError):
        return text
    return _written(next((one for one in readings if window.contains(one)), readings[0]))


def _to_micro(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return f"{whole}.{fraction[:_MICRO_DIGITS].ljust(_MICRO_DIGITS, '0')}" if point else whole


def _dates(dialect: Dialect, stamps: Change | None) -> Change | None:
    """A day may come as a moment; where that is local time its day is the one that it shows."""
    if stamps is None or dialect.stamps == "text":
        return stamps and _date
    return lambda text: _date(stamps(text))


def _date(text: str | None) -> str | None:
    """A day that was sent as a moment."""
    match = _MIDNIGHT.fullmatch(text) if text is not None else None
    return match[1] if match else text


def _with_point(text: str | None) -> str | None:
    return text.replace(",", ".") if text is not None and _COMMA.fullmatch(text) else text


def _written(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ")


def local_edges(window: Window, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """`from` and `to` in local time, as naive moments, so that nothing of the window is left out.

    Where the clocks change in between, the span is wider than the window by the change: rows beyond it do no harm.
    """
    edges = [edge.astimezone(zone) for edge in (window.start, window.end)]
    shift = abs((edges[1].utcoffset() or timedelta()) - (edges[0].utcoffset() or timedelta()))
    naive = sorted(edge.replace(tzinfo=None) for edge in edges)
    return (naive[0], naive[1] + shift) if shift else (naive[0], naive[1])
