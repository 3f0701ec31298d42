"""The key of a DuckDB mirror's tables: what it is, and that two rows which share one are never taken for one."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from halfopen.errors import SinkError
from halfopen.sinks.duckdb import identity as identities
from halfopen.sinks.duckdb import listing, merge
from halfopen.sinks.duckdb.identity import identity
from halfopen.sinks.duckdb.sink import DuckDBSink
from support.answers import Answers, player, stored

ROWS = 3000
"""More than are listed: these are staged."""


def test_it_stays_what_it_is_in_files_that_there_are() -> None:
    told = f"SELECT {identity('x', 'y')} AS i, typeof(i) FROM (SELECT 'vegas' x, 'u1' y)"
    [(found, kind)] = duckdb.sql(told).fetchall()
    assert (found, kind) == (223450100407320653869006788145379073085, "UHUGEINT")


@pytest.fixture
def colliding(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Digests of which there are ten."""
    sql = (merge.at_hand, merge.keyed, merge.insert, merge.differing)
    for module in (identities, listing):
        monkeypatch.setattr(module, "digest", lambda text: f"(md5_number({text}) % 10)::UHUGEINT")
    for one in sql:
        one.cache_clear()
    yield
    for one in sql:
        one.cache_clear()


@pytest.mark.usefixtures("colliding")
@pytest.mark.parametrize("others", [1, ROWS])
def test_of_two_keys_with_one_digest_the_second_is_refused_and_the_first_stays(tmp_path: Path, others: int) -> None:
    sink = DuckDBSink(tmp_path / "mirror.duckdb")
    sink.open()
    answer = Answers(sink, tmp_path)
    sink.apply([answer("players", [player("u1", "2026-03-01 12:00:10", city="Riga")])])
    keys = [f"v{number}" for number in range(20)]
    errors = []
    for key in keys:
        try:
            sink.apply([answer("players", [player(key, "2026-03-01 12:00:30", city="Rome")])])
        except SinkError as error:
            errors.append(str(error))
    assert len(stored(sink, "players")) == 1 + len(keys) - len(errors) <= 10
    assert all("nothing was written" in error for error in errors)
    with pytest.raises(SinkError):
        sink.apply([answer("players", [player(f"w{n}", "2026-03-01 12:00:40") for n in range(11 * others)])])
    assert stored(sink, "players")["u1"]["city"] == "Riga"
    sink.close()
