"""SpaceVegas for tests: a built past, and a mirror that equals it."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from halfopen.contract.ddl import column_type
from halfopen.contract.load import feeds
from halfopen.demo import truth
from halfopen.demo.casino import Casino
from halfopen.demo.world import World

START = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def build(folder: Path, *, players: int = 60, hours: float = 12, seed: int = 1) -> Path:
    """A casino with a past; the path of its database."""
    casino = Casino(folder / "casino.sqlite", World(seed, players, START))
    casino.create()
    casino.history(START + timedelta(hours=hours))
    casino.close()
    return casino.database


def faithful_mirror(casino: Path, mirror: Path, product: str = "spacevegas") -> Path:
    """A mirror that holds just what the casino holds, without anything having been pulled."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(mirror) as db:
        db.execute("attach ':memory:' as work")
        db.execute("use work")
        truth.load(db, casino, Path(folder))
        custom = ", ".join(f"'{name}', {name}" for name in truth.CUSTOM)
        for feed in feeds().values():
            columns = ", ".join(f'"{name}"::{column_type(field)} as "{name}"' for name, field in feed.fields.items())
            extra = f"json_object({custom})" if feed.custom else "null::JSON"
            target = f"{mirror.stem}.main.{feed.name}"
            db.execute(
                f"create table {target} as select '{product}' as product, {columns}, {extra} as custom"
                f" from truth.{feed.name}"
            )
    return mirror
