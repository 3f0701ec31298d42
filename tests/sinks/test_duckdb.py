"""The mirror in a DuckDB file: what it survives, what it refuses, and who may read it."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from halfopen.contract.load import feed
from halfopen.errors import SinkError
from halfopen.sinks import ledger, stage
from halfopen.sinks.base import Hole
from halfopen.sinks.database import Database
from halfopen.sinks.duckdb import late
from halfopen.sinks.duckdb.identity import identity
from halfopen.sinks.duckdb.schema import feed_columns
from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.window.window import Window
from support.answers import NOON, Answers, csv_of, player, session, stored, table, transaction

OWED = Hole(
    product="vegas",
    feed="transactions",
    window=Window(NOON + timedelta(minutes=7), NOON + timedelta(minutes=8)),
    rung=0,
    since=NOON,
    attempts=1,
    last_error="503",
    next_try=NOON,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mirror.duckdb"


@pytest.fixture
def mirror(path: Path) -> Iterator[DuckDBSink]:
    sink = DuckDBSink(path, threads=2)
    sink.open()
    yield sink
    sink.close()


@pytest.fixture
def asked(mirror: DuckDBSink, tmp_path: Path) -> Answers:
    return Answers(mirror, tmp_path)


def test_older_duckdb_can_read_the_file_and_it_is_clean_after_opening(mirror: DuckDBSink, path: Path) -> None:
    assert mirror.query("SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal")[1] == [
        ("v1.4.0+",)
    ]
    assert not path.with_name("mirror.duckdb.wal").exists()


def test_rows_inside_of_a_quoted_text_are_never_read_as_rows(
    mirror: DuckDBSink, asked: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever another thread of DuckDB's began, it would be in the midst of a text full of rows."""
    monkeypatch.setattr(stage, "LONGEST_ROW", 2 << 20)  # so that its blocks are of tens of megabytes
    monkeypatch.setattr(stage, "_mend", lambda *_: pytest.fail("read again in Python"))
    trap = csv_of([transaction(f"fake{n}", comment="y" * 1000) for n in range(1000)]).decode()
    body = csv_of([transaction(f"t{n}", comment=trap) for n in range(60)])
    [applied] = mirror.apply([asked("transactions", body)])
    assert (applied.rows, applied.changed, applied.quarantined) == (60, 60, 0)
    assert mirror.query("SELECT DISTINCT length(comment) FROM transactions")[1] == [(len(trap),)]


def test_opening_again_makes_nothing(mirror: DuckDBSink, path: Path) -> None:
    mirror.close()
    before = path.stat().st_mtime_ns, path.stat().st_size
    mirror.open()
    mirror.close()
    assert (path.stat().st_mtime_ns, path.stat().st_size) == before


def test_a_field_that_the_file_lacks_is_added(path: Path, tmp_path: Path) -> None:
    columns = [f'"{name}" {kind}' for name, kind in feed_columns(feed("players")).items() if name != "city"]
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE players ({', '.join(columns)})")
        key = identity("product", "id")
        connection.execute(
            f"INSERT INTO players BY NAME SELECT *, {key} AS _id FROM (SELECT 'vegas' AS product, 'u' AS id, 1 AS _seq)"
        )
    sink = DuckDBSink(path)
    sink.open()
    assert stored(sink, "players")["u"]["city"] is None
    sink.apply([Answers(sink, tmp_path)("players", [player("u", city="Riga")], seq=2)])
    assert stored(sink, "players")["u"]["city"] == "Riga"
    sink.close()


def test_a_mirror_of_another_version_is_refused(mirror: DuckDBSink, path: Path) -> None:
    mirror.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE halfopen.meta SET value = '99' WHERE name = 'schema'")
    with pytest.raises(SinkError, match="of version 99"):
        mirror.open()


@pytest.mark.parametrize("step", ["late", "commit", "fill"])
def test_nothing_is_seen_of_answers_that_fail_before_the_commit(
    mirror: DuckDBSink, asked: Answers, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = [transaction("1"), transaction("2", amount="x")]
    mirror.apply([asked("transactions", first)])
    mirror.fail(OWED)
    before = [mirror.query(f"FROM {name}") for name in ("transactions", "halfopen.ledger", "halfopen.quarantine")]
    status = mirror.status()

    def fall(*_: object) -> int:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(late if step == "late" else ledger, step, fall)
        changed = [transaction("1", "2026-03-01 12:00:50"), transaction("3"), transaction("4", amount="x")]
        with pytest.raises(RuntimeError, match="power"):
            mirror.apply([asked("transactions", changed, rung=1), asked("game_activity", [session("s")])])
    assert [
        mirror.query(f"FROM {name}") for name in ("transactions", "halfopen.ledger", "halfopen.quarantine")
    ] == before
    assert mirror.status() == status
    assert mirror.apply([asked("transactions", changed, rung=1)])[0].changed == 2


def test_a_statement_that_fails_is_one_line_and_leaves_the_mirror_usable(
    mirror: DuckDBSink, asked: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(database: Database, *_: object) -> int:
        database.rows("SELECT 1 FROM nowhere")
        return 0

    mirror.fail(OWED)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "fill", fail)
        with pytest.raises(SinkError, match="nothing was written") as failed:
            mirror.apply([asked("transactions", [transaction("1")])])
    assert "\n" not in str(failed.value)
    assert stored(mirror, "transactions") == {}
    assert mirror.apply([asked("transactions", [transaction("1")])])[0].changed == 1


def test_a_duckdb_that_gives_itself_up_is_opened_again(
    mirror: DuckDBSink, asked: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.apply([asked("transactions", [transaction("1")])])
    before = mirror._connection

    def fail(*_: object) -> None:
        raise duckdb.FatalException("database has been invalidated")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "commit", fail)
        with pytest.raises(SinkError, match="invalidated"):
            mirror.apply([asked("transactions", [transaction("2")])])
    assert mirror.status()["products"]["vegas"]["feeds"]["transactions"]["rows"] == 1
    assert mirror._connection is not before
    assert mirror.apply([asked("transactions", [transaction("2")])])[0].changed == 1
    mirror.close()
    with pytest.raises(SinkError, match="not open"):
        mirror.status()


def test_a_full_disk_is_an_error_after_which_the_mirror_works_again(path: Path, tmp_path: Path) -> None:
    """The file may not grow beyond a limit for a while, as on a disk that is full and then is not."""
    sink = DuckDBSink(path, threads=2)
    sink.open()
    asked = Answers(sink, tmp_path)
    sink.apply([asked("transactions", [transaction("before")])])
    rows = [transaction(str(n), comment=os.urandom(300).hex()) for n in range(20_000)]
    big = asked("transactions", rows)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(SinkError) as full:
            sink.apply([big])
        assert "\n" not in str(full.value)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert set(stored(sink, "transactions")) == {"before"}
    assert len(table(sink, "FROM halfopen.ledger")) == 1
    assert sink.apply([big])[0].changed == 20_000
    sink.close()
    sink.open()
    assert len(stored(sink, "transactions")) == 20_001
    sink.close()


def test_a_file_in_other_hands_is_refused_with_advice(mirror: DuckDBSink, path: Path) -> None:
    code = (
        "from pathlib import Path; from halfopen.sinks.duckdb.sink import DuckDBSink;"
        f" DuckDBSink(Path({str(path)!r})).open()"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "SinkError" in other.stderr
    assert "another process has it open" in other.stderr.splitlines()[-1]


def test_a_file_that_is_none_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database " * 1000)
    with duckdb.connect(str(tmp_path / "foreign")) as foreign:
        foreign.execute("CREATE TABLE players(a INT)")
    in_config = r"name another .*in \[mirror\] database"
    for path, words in (
        (tmp_path / "text", "not a DuckDB file"),
        (tmp_path / "foreign", in_config),
        (tmp_path, in_config),
        (tmp_path / "no" / "m.duckdb", "no folder"),
        (tmp_path / "what?.duckdb", "question mark"),
    ):
        with pytest.raises(SinkError, match=words) as refused:
            DuckDBSink(path).open()
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["plain", "od'd [name] *", "Ñ 中"])
def test_the_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    sink = DuckDBSink(folder / f"{name}.duckdb")
    sink.open()
    assert sink.apply([Answers(sink, tmp_path)("transactions", [transaction("1")])])[0].changed == 1
    sink.close()
    assert [entry.name for entry in folder.iterdir()] == [f"{name}.duckdb"]


READING = [
    "SELECT 1",
    "FROM transactions",
    "WITH t AS (SELECT 1 AS a) SELECT * FROM t;",
    "VALUES (1)",
    "DESCRIBE transactions",
    "SHOW TABLES",
    "SUMMARIZE transactions",
    "EXPLAIN SELECT 1",
    "-- a remark\nSELECT 1 -- another",
]
WRITING = [
    "",
    "SELECT 1; SELECT 2",
    "DELETE FROM transactions",
    "WITH gone AS (DELETE FROM transactions RETURNING *) SELECT * FROM gone",
    "EXPLAIN ANALYZE DELETE FROM transactions",
    "INSERT INTO halfopen.holes SELECT * FROM halfopen.holes",
    "CREATE TABLE t (a INT)",
    "CREATE TEMP TABLE t (a INT)",
    "DROP TABLE transactions",
    "COPY transactions TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "EXPORT DATABASE '{folder}/out'",
    "ATTACH '{folder}/other.duckdb' AS other",
    "DETACH mirror",
    "SET enable_external_access = true",
    "SET GLOBAL memory_limit = '1KB'",
    "PRAGMA database_list",
    "CHECKPOINT",
    "COMMIT",
    "LOAD httpfs",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "FROM '/etc/passwd'",
    "SELECT nothing FROM nowhere",
    "SELEC 1",
]


@pytest.mark.parametrize("sql", READING)
def test_reading_is_answered(mirror: DuckDBSink, asked: Answers, sql: str) -> None:
    mirror.apply([asked("transactions", [transaction("1")])])
    names, rows = mirror.query(sql)
    assert names
    assert rows


@pytest.mark.parametrize("sql", WRITING)
def test_all_else_is_refused_and_changes_nothing(mirror: DuckDBSink, asked: Answers, tmp_path: Path, sql: str) -> None:
    mirror.apply([asked("transactions", [transaction("1")])])
    before = {entry.name for entry in tmp_path.iterdir()}
    with pytest.raises(SinkError) as refused:
        mirror.query(sql.format(folder=tmp_path))
    assert "\n" not in str(refused.value)
    assert {entry.name for entry in tmp_path.iterdir()} == before
    assert set(stored(mirror, "transactions")) == {"1"}
    assert mirror.apply([asked("transactions", [transaction("2")])])[0].changed == 1


def test_the_body_in_hand_cannot_be_read_by_a_query_once_applied(
    mirror: DuckDBSink, asked: Answers, path: Path
) -> None:
    mirror.apply([asked("auto_logins", b"player_id,login_token,updated_at\r\np,tok,2026-03-01 12:00:00\r\n")])
    assert mirror.query(f"SELECT * FROM glob('{path}.staging/*')")[1] == []


def test_answers_of_queries_are_exact_and_in_utc(mirror: DuckDBSink, asked: Answers) -> None:
    mirror.apply([asked("transactions", [transaction("1", amount="12345678901234567890.123456789012345678")])])
    names, [row] = mirror.query(
        "SELECT amount, TIMESTAMPTZ '2026-03-01 12:00:00+02' AS z, sum(amount) AS z FROM transactions GROUP BY ALL"
    )
    assert names == ["amount", "z", "z"]
    assert row == (
        Decimal("12345678901234567890.123456789012345678"),
        datetime(2026, 3, 1, 10),  # noqa: DTZ001 - the mirror's moments are UTC without a zone
        Decimal("12345678901234567890.123456789012345678"),
    )


def test_queries_are_answered_while_answers_are_applied(mirror: DuckDBSink, asked: Answers) -> None:
    mirror.apply([asked("transactions", [transaction(str(n)) for n in range(40)])])
    done = threading.Event()
    seen: list[Any] = []
    failures: list[BaseException] = []

    def read() -> None:
        while not done.is_set():
            try:
                seen.append(mirror.query("SELECT count(*), count(DISTINCT updated_at) FROM transactions")[1][0])
            except BaseException as error:  # noqa: BLE001 - told to the test below
                failures.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    for second in range(11, 41):
        rows = [transaction(str(n), f"2026-03-01 12:00:{second}") for n in range(40)]
        assert mirror.apply([asked("transactions", rows)])[0].changed == 40
    done.set()
    reader.join()
    assert failures == []
    assert set(seen) == {(40, 1)}


def test_interrupting_stops_what_runs(mirror: DuckDBSink, asked: Answers) -> None:
    rows = [transaction(str(n), comment="x" * 50) for n in range(60_000)]
    big = asked("transactions", rows)
    done = threading.Event()

    def stop() -> None:
        # An interrupt that falls between two statements stops neither, so one alone may miss.
        while not done.wait(0.02):
            mirror.interrupt()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(SinkError, match="interrupted"):
        mirror.apply([big])
    done.set()
    stopper.join()
    assert stored(mirror, "transactions") == {}
    assert mirror.apply([asked("transactions", rows[:2])])[0].changed == 2


def test_progress_over_a_long_ledger_is_quick(mirror: DuckDBSink) -> None:
    assert mirror._connection is not None
    mirror._connection.execute(
        "INSERT INTO halfopen.ledger (product, feed, window_start, window_end, pass, state) SELECT 'vegas', 'wallets',"
        " TIMESTAMP '2026-01-01' + to_minutes(n), TIMESTAMP '2026-01-01' + to_minutes(n + 1), n % 2, 'committed'"
        " FROM range(100_000) r(i), LATERAL (SELECT (i // 2)::INT AS n) WHERE i % 1000 <> 7"
    )
    began = time.process_time()
    progress = mirror.progress("vegas", "wallets")
    first = time.process_time() - began
    began = time.process_time()
    mirror.progress("vegas", "wallets")
    again = time.process_time() - began
    assert len(progress.committed) + len(progress.reread[1]) == 50_000
    assert first < 10
    assert again < first / 5
