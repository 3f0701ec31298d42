"""`[mirror]`: where the rows that sync pulls are kept."""

from pathlib import Path
from typing import Any

import msgspec

from halfopen.config.reading import at, record
from halfopen.config.urls import DatabaseUrl, database_url


class MirrorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[mirror]` whole."""

    database: str
    secret_key: str | None = None
    sink: DatabaseUrl
    """Read from `database`."""


def read_mirror(table: dict[str, Any], base: Path, where: str) -> MirrorConfig:
    """`[mirror]` as a record; `base` is the folder of the file. ConfigError for whatever does not fit."""

    def sink() -> DatabaseUrl:
        with at(f"{where}.database"):
            return database_url(table["database"], base)

    return record(MirrorConfig, table, where, derived={"sink": sink})
