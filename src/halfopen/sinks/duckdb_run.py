"""Runs statements whose parameters are named `$p_...`, each with those of the given values that it names."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import duckdb

_PARAMETER = re.compile(r"\$p_([a-z_]+)")


def run(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Execute; `$p_seq` takes `values["seq"]`. DuckDB refuses values that a statement does not name."""
    return connection.execute(sql, {f"p_{name}": (values or {})[name] for name in _names(sql)})


def written(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any] | None = None) -> int:
    """Execute and give the count of rows that it wrote."""
    row = run(connection, sql, values).fetchone()
    return int(row[0]) if row else 0


def naive(moment: datetime) -> datetime:
    """A moment as the mirror stores it: UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


@lru_cache(maxsize=512)
def _names(sql: str) -> frozenset[str]:
    return frozenset(_PARAMETER.findall(sql))
