"""`[serve]`: the operator's side, and how the contract's fields are found in their database."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from halfopen.auth import schemes
from halfopen.config import sizes
from halfopen.config.places import check_place, place
from halfopen.config.reading import at, known, record
from halfopen.config.urls import DatabaseUrl, database_url
from halfopen.config.zones import check_zone
from halfopen.contract.load import feeds
from halfopen.errors import ConfigError

_STATE = "sqlite:///halfopen-state.sqlite"
_STORES = ("sqlite", "postgresql")


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[serve.limits]`: what one caller may cost; None is without a limit.

    windows_per_caller: answers at once. wall_time: of one answer, its caller's slowness included. spool: the folder
    where answers wait for slow callers, the system's for temporary files by default; spool_max: bytes of it that one
    process may use.
    """

    statement_timeout: timedelta = timedelta(minutes=5)
    connections: int = 10
    windows_per_caller: int = 20
    max_rows: int | None = None
    max_window: timedelta | None = None
    wall_time: timedelta | None = None
    spool: str | None = None
    spool_max: int = 2 << 30


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[serve.tls]`: files of the certificate chain and of its key, PEM."""

    cert: str
    key: str


class CustomField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field of the operator's own, of one of the five kinds of the requirements ("Custom Fields")."""

    kind: Literal["integer", "fractional", "string", "date", "array"]
    column: str


class Actions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Game actions that sessions are summed from; every value but `table` and `sql` is a column or an SQL expression.

    `kind` tells bets from wins: it is compared with the values of `bet`, `win` and `rollback`, each an SQL literal or a
    list of them ("'bet', 'free_bet'"). `round_id` makes a won round count once, however many wins it has.
    """

    table: str | None = None
    sql: str | None = None
    where: str | None = None
    session_id: str
    kind: str
    bet: str
    win: str
    rollback: str | None = None
    amount: str
    created_at: str
    round_id: str | None = None


class Rollup(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sessions that the operator sums up already: their table, and when it was last brought up to date."""

    table: str | None = None
    sql: str | None = None
    refreshed_at: str | None = None


class FeedMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[serve.feeds.<feed>]`: where the rows of one feed are."""

    table: str | None = None
    sql: str | None = None
    where: str | None = None
    path: str | None = None
    offered: bool = True
    cursor: str | None = None
    columns: dict[str, str] = {}
    custom: dict[str, CustomField] = {}
    timezone: str | None = None
    minor_units: dict[str, int | str] = {}
    todo: tuple[str, ...] = ()
    actions: Actions | None = None
    rollup: Rollup | None = None


class ServeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[serve]` whole.

    set_rows_max: rows in the look-back of a feed whose late rows are told by comparing them all. source_modified_at:
    adds a column of that name, the cursor as the database has it, which late rows are not served with.
    """

    database: str
    listen: str = "127.0.0.1:8400"
    timezone: str = "UTC"
    state: str = _STATE
    late_rows: Literal["lift", "wait", "plain"] = "lift"
    wait_max: timedelta = timedelta(seconds=30)
    allowed_lateness: timedelta = timedelta(minutes=15)
    keep_lifted: timedelta = timedelta(days=7)
    unfinished: Literal["answer", "refuse"] = "answer"
    set_rows_max: int = 200_000
    source_modified_at: bool = False
    allow: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    limits: Limits = Limits()
    tls: Tls | None = None
    auth: tuple[Mapping[str, Any], ...] = ()
    feeds: dict[str, FeedMapping] = {}
    source: DatabaseUrl
    """Read from `database`."""
    store: DatabaseUrl
    """Read from `state`."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on; an IPv6 host stands in brackets in the file, not here."""
        return place(self.listen)


def read_serve(table: dict[str, Any], base: Path, where: str) -> ServeConfig:
    """`[serve]` as a record; `base` is the folder of the file. ConfigError for whatever does not fit."""
    config = record(
        ServeConfig,
        {
            **table,
            "limits": _limits(table.get("limits", {}), base, f"{where}.limits"),
            "tls": _tls(table["tls"], base, f"{where}.tls") if "tls" in table else None,
            "auth": _auth(table.get("auth", []), f"{where}.auth"),
            "feeds": _feeds(table.get("feeds", {}), f"{where}.feeds"),
        },
        where,
        derived={"source": lambda: _source(table, base, where), "store": lambda: _store(table, base, where)},
    )
    check_zone(config.timezone, f"{where}.timezone")
    check_place(config.listen, f"{where}.listen", like=8400)
    return config


def _source(table: dict[str, Any], base: Path, where: str) -> DatabaseUrl:
    with at(f"{where}.database"):
        return database_url(table["database"], base)


def _store(table: dict[str, Any], base: Path, where: str) -> DatabaseUrl:
    with at(f"{where}.state"):
        url = database_url(table.get("state", _STATE), base)
        if url.scheme not in _STORES:
            raise ConfigError(
                f"{url.shown!r} cannot keep seals; write sqlite:///file or, where several servers answer for one "
                "product, postgresql://host/name"
            )
        return url


def _limits(table: object, base: Path, where: str) -> Limits:
    if isinstance(table, dict) and "spool_max" in table:
        with at(f"{where}.spool_max"):
            table = {**table, "spool_max": sizes.parse(table["spool_max"])}
    limits = record(Limits, table, where)
    for name in ("connections", "windows_per_caller", "max_rows"):
        value = getattr(limits, name)
        if value is not None and value < 1:
            raise ConfigError(f"{where}.{name}: found {value}, needs 1 or more")
    if limits.spool is None:
        return limits
    folder = base / limits.spool
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ConfigError(
            f"{where}.spool: {str(folder)!r} is no folder that can be written to; make it, or name another"
        )
    return msgspec.structs.replace(limits, spool=str(folder))


def _tls(table: object, base: Path, where: str) -> Tls:
    tls = record(Tls, table, where)
    return Tls(cert=str(base / tls.cert), key=str(base / tls.key))


def _auth(callers: object, where: str) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(callers, list) or not all(isinstance(caller, dict) for caller in callers):
        raise ConfigError(f'{where}: write each caller as a section of its own, [[{where}]] with scheme = "basic"')
    for number, caller in enumerate(callers):
        with at(f"{where}[{number}]"):
            schemes.verifier(caller)
    return tuple(callers)


def _feeds(table: object, where: str) -> dict[str, FeedMapping]:
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: write each feed as a section of its own, like [{where}.players]")
    known(table, feeds(), where, "feed")
    return {name: _feed(mapping, f"{where}.{name}") for name, mapping in table.items()}


def _feed(table: object, where: str) -> FeedMapping:
    if isinstance(table, dict):
        table = dict(table)
        for key, kind in (("actions", Actions), ("rollup", Rollup)):
            if key in table:
                table[key] = record(kind, table[key], f"{where}.{key}")
        for name, custom in dict(table.get("custom", {})).items():
            table["custom"] = {**table["custom"], name: record(CustomField, custom, f"{where}.custom.{name}")}
    mapping = record(FeedMapping, table, where)
    if mapping.timezone is not None:
        check_zone(mapping.timezone, f"{where}.timezone")
    if mapping.path is not None and not mapping.path.startswith("/"):
        raise ConfigError(f"{where}.path: found {mapping.path!r}, a path begins with /")
    if mapping.offered and not mapping.todo:
        _check_one_origin(mapping, where)
    return mapping


def _check_one_origin(mapping: FeedMapping, where: str) -> None:
    origins = {"table": mapping.table, "sql": mapping.sql, "actions": mapping.actions, "rollup": mapping.rollup}
    named = [name for name, value in origins.items() if value is not None]
    if len(named) != 1:
        found = " and ".join(named) or "none of them"
        raise ConfigError(f"{where}: needs exactly one of table, sql, actions, rollup; found {found}")
