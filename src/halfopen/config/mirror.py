"""`[mirror]`: where the rows that sync pulls are kept."""

from pathlib import Path
from typing import Any, Literal

import msgspec

from halfopen.config.alerts import AlertsConfig, read_alerts
from halfopen.config.places import check_place, place
from halfopen.config.reading import at, record
from halfopen.config.urls import DatabaseUrl, database_url
from halfopen.errors import ConfigError

_SHORTEST_KEY = 16


class MirrorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[mirror]` whole."""

    database: str
    secret_key: str | None = None
    listen: str | None = None
    """Host and port on which `sync` answers `/metrics` and `/healthz`; nobody signs in there."""
    log: Literal["text", "json"] = "text"
    alerts: AlertsConfig | None = None
    sink: DatabaseUrl
    """Read from `database`."""

    @property
    def place(self) -> tuple[str, int] | None:
        """Host and port of `listen`."""
        return place(self.listen) if self.listen is not None else None


def read_mirror(table: dict[str, Any], base: Path, where: str) -> MirrorConfig:
    """`[mirror]` as a record; `base` is the folder of the file. ConfigError for whatever does not fit."""

    def sink() -> DatabaseUrl:
        with at(f"{where}.database"):
            return database_url(table["database"], base)

    prepared = dict(table)
    if "alerts" in table:
        prepared["alerts"] = read_alerts(table["alerts"], f"{where}.alerts")
    config = record(MirrorConfig, prepared, where, derived={"sink": sink})
    if config.secret_key is not None and len(config.secret_key) < _SHORTEST_KEY:
        raise ConfigError(
            f"{where}.secret_key: needs {_SHORTEST_KEY} characters or more, like those of openssl rand -hex 32"
        )
    if config.listen is not None:
        check_place(config.listen, f"{where}.listen", like=9400)
    return config
