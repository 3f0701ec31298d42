"""Mirrors of older halfopens are brought forward when they are opened; those of newer ones are left alone."""

from pathlib import Path

import duckdb
import pytest

from halfopen.errors import SinkError
from halfopen.sinks.versions import SCHEMA_VERSION, STEPS, steps
from sinks.conftest import Engine
from support.answers import Answers, player, stored, table
from support.postgresql import ask

OLD = Path(__file__).with_name("old")
MADE_BY_US = "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"


def run(engine: Engine, sql: str) -> None:
    """A script in the mirror's database, without a sink."""
    if engine.name == "duckdb":
        with duckdb.connect(engine.address.removeprefix("duckdb:///")) as connection:
            connection.execute(sql)
    else:
        ask(engine.address, sql)


def columns(engine: Engine) -> set[tuple[str, ...]]:
    """Tables, columns and types of an open and closed mirror."""
    sink = engine.make()
    sink.open()
    _, rows = sink.query(f"{MADE_BY_US} WHERE table_schema IN ('main', 'public', 'halfopen')")
    sink.close()
    return set(rows)


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_an_older_mirror_is_brought_forward_with_all_that_is_in_it(
    engine: Engine, tmp_path: Path, version: int
) -> None:
    (tmp_path / "new").mkdir()
    fresh = type(engine)(tmp_path / "new")
    new = columns(fresh)
    fresh.close()
    run(engine, (OLD / f"{engine.name}-{version}.sql").read_text())

    assert columns(engine) == new
    sink = engine.make()
    sink.open()
    assert stored(sink, "players")["u1"]["self_excluded"] is True
    assert table(sink, "SELECT key, state, zone FROM halfopen.quarantine") == [
        {"key": "u2", "state": "held", "zone": None}
    ]
    assert sink.status()["products"]["vegas"]["feeds"]["players"]["quarantined"] == 1
    assert sink.next_seq() == 8
    answer = Answers(sink, tmp_path)
    sink.apply([answer("players", [player("u1", "2026-03-01 12:00:30", self_excluded=None), {"id": "u3"}])])
    assert stored(sink, "players")["u1"]["self_excluded"] is True
    assert table(sink, "SELECT id FROM players ORDER BY id") == [{"id": "u1"}]
    [token] = table(sink, "SELECT count(*) AS tokens FROM contact_tokens")
    sink.close()
    assert token == {"tokens": 0 if version == 1 else 1}
    assert columns(engine) == new


def test_a_newer_mirror_is_refused_in_one_line(engine: Engine) -> None:
    columns(engine)
    later = SCHEMA_VERSION + 1
    if engine.name == "duckdb":
        run(engine, f"UPDATE halfopen.meta SET value = '{later}' WHERE name = 'schema'")
    else:
        run(engine, f"INSERT INTO halfopen.version (version) VALUES ({later})")
    with pytest.raises(SinkError, match=f"mirror .* of version {later}, this halfopen keeps {SCHEMA_VERSION}") as no:
        engine.make().open()
    assert "\n" not in str(no.value)


def test_a_new_mirror_needs_no_step_and_one_of_this_version_none_either() -> None:
    assert steps(None) == steps(SCHEMA_VERSION) == []
    assert steps(1) == [one for version in range(2, SCHEMA_VERSION + 1) for one in STEPS[version]]


def test_there_is_an_old_mirror_of_every_version_to_try() -> None:
    kept = {file.name for file in OLD.glob("*.sql")}
    assert kept == {
        f"{name}-{version}.sql" for name in ("duckdb", "postgresql") for version in range(1, SCHEMA_VERSION)
    }
