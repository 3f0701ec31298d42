import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest

from halfopen.demo.casino import HELD_SECONDS, Casino, key_of
from halfopen.demo.schema import TABLES, stamp
from halfopen.demo.world import World
from support.spacevegas import START


def rows(casino: Casino, table: str) -> list[tuple]:
    with closing(sqlite3.connect(casino.database)) as connection:
        names = ", ".join(next(each for each in TABLES.values() if each.name == table).names)
        return sorted(connection.execute(f"select {names} from {table}").fetchall(), key=str)


def folded(world: World, until) -> dict[str, list[tuple]]:
    """What the tables must hold, worked out without a database."""
    states: dict[type, dict] = {kind: {} for kind in TABLES}
    for number, record in enumerate(takewhile(lambda record: record.at < until, world.events())):
        states[type(record)][key_of(record) or number] = record
    return {table.name: sorted(map(table.row, states[kind].values()), key=str) for kind, table in TABLES.items()}


@pytest.fixture
def casino(tmp_path):
    casino = Casino(tmp_path / "casino.sqlite", World(5, 30, START, 6))
    casino.create()
    yield casino
    casino.close()


def test_a_whole_past_equals_the_fold_of_the_events(casino):
    until = START + timedelta(hours=1)
    casino.history(until)
    for table, expected in folded(casino.world, until).items():
        assert rows(casino, table) == expected, table


def test_live_ticks_and_the_queue_end_in_the_fold_of_the_events(casino):
    past, until = START + timedelta(minutes=10), START + timedelta(minutes=25)
    casino.history(past)
    now = past
    while now < until:
        now = min(until, now + timedelta(seconds=2.3))
        casino.tick(now)
    casino.flush()
    assert casino.held > 10
    for table, expected in folded(casino.world, until).items():
        assert rows(casino, table) == expected, table


def test_some_rows_become_visible_after_rows_with_later_stamps(tmp_path):
    casino = Casino(tmp_path / "casino.sqlite", World(5, 150, START, 6))
    casino.create()
    now = START + timedelta(minutes=10)
    casino.history(now)
    lateness = timedelta(0)
    with closing(sqlite3.connect(casino.database)) as connection:
        (seen,) = connection.execute("select max(n) from game_actions").fetchone()
        for _ in range(1_000):
            before, now = now, now + timedelta(seconds=0.25)
            casino.tick(now)
            fresh = connection.execute("select n, ts from game_actions where n > ?", [seen]).fetchall()
            seen = max([seen, *(n for n, _ in fresh)])
            stamps = [datetime.fromisoformat(ts).replace(tzinfo=UTC) for _, ts in fresh]
            lateness = max([lateness, *(before - at for at in stamps)])
    casino.close()
    assert timedelta(seconds=0.5) < lateness <= timedelta(seconds=HELD_SECONDS)


def test_nothing_is_written_before_its_stamp(casino):
    casino.history(START + timedelta(minutes=5))
    now = START + timedelta(minutes=6)
    casino.tick(now)
    for table in TABLES.values():
        if table.stamp:
            with closing(sqlite3.connect(casino.database)) as connection:
                (latest,) = connection.execute(f"select max({table.stamp}) from {table.name}").fetchone()
            assert latest is None or latest < stamp(now)


def test_it_runs_in_a_thread_until_it_is_stopped(casino):
    casino.history(START + timedelta(minutes=5))
    began = time.monotonic()
    stop = threading.Event()
    thread = threading.Thread(
        target=casino.run, args=(lambda: START + timedelta(minutes=5, seconds=60 * (time.monotonic() - began)), stop)
    )
    thread.start()
    time.sleep(0.5)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert casino.last is not None
    assert casino.last > START + timedelta(minutes=5)
    assert not casino._queue


def test_every_stamp_that_windows_cut_on_has_an_index(casino):
    casino.history(START + timedelta(minutes=1))
    with closing(sqlite3.connect(casino.database)) as connection:
        for table in TABLES.values():
            if table.stamp:
                plan = connection.execute(
                    f"explain query plan select * from {table.name} where {table.stamp} >= ? and {table.stamp} < ?",
                    ["2026", "2027"],
                ).fetchall()
                assert "USING INDEX" in plan[0][3], table.name
