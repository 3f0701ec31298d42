"""The mirror in PostgreSQL: one writer at a time, what it survives, what it refuses, and who may read it."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from halfopen.errors import LostTurnError, QueryError, SinkError
from halfopen.sinks import ledger
from halfopen.sinks.base import Hole
from halfopen.sinks.database import Database
from halfopen.sinks.postgresql import quarantine
from halfopen.sinks.postgresql.schema import SCHEMA_VERSION
from halfopen.sinks.postgresql.sink import PostgreSQLSink
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.answers import NOON, Answers, csv_of, custom, player, session, stored, table, transaction
from support.postgresql import ask, database

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
SHOWN = ("transactions", "halfopen.ledger", "halfopen.holes", "halfopen.quarantine", "halfopen.findings")


@pytest.fixture
def url() -> Iterator[str]:
    with database() as made:
        yield made


@pytest.fixture
def mirror(url: str) -> Iterator[PostgreSQLSink]:
    sink = PostgreSQLSink(url, url)
    sink.open()
    yield sink
    sink.close()


@pytest.fixture
def asked(mirror: PostgreSQLSink, tmp_path: Path) -> Answers:
    return Answers(mirror, tmp_path)


def everything(sink: PostgreSQLSink) -> list[Any]:
    return [sink.query(f"SELECT * FROM {name}") for name in SHOWN]


def test_who_lost_the_turn_commits_nothing_and_says_so(url: str, mirror: PostgreSQLSink, asked: Answers) -> None:
    mirror.apply([asked("transactions", [transaction("1")])])
    newer = PostgreSQLSink(url, url)
    newer.open()
    before = everything(newer)
    for use in (lambda: mirror.apply([asked("transactions", [transaction("2")])]), lambda: mirror.fail(OWED)):
        with pytest.raises(LostTurnError, match=r"lost its turn, process .* took it over") as lost:
            use()
        assert "\n" not in str(lost.value)
    assert everything(newer) == before
    assert newer.apply([Answers(newer, asked.folder)("transactions", [transaction("3")])])[0].changed == 1
    assert set(stored(mirror, "transactions")) == {"1", "3"}
    newer.close()


def test_a_transaction_in_the_midst_ends_before_the_turn_is_taken(
    url: str, mirror: PostgreSQLSink, asked: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer process waits for what is being written; then its number is the greater one, and its rows come later."""
    inside, go = threading.Event(), threading.Event()
    commit = ledger.commit

    def slowly(*given: Any) -> None:
        inside.set()
        assert go.wait(30)
        commit(*given)

    monkeypatch.setattr(ledger, "commit", slowly)
    older = threading.Thread(target=lambda: mirror.apply([asked("transactions", [transaction("1")])]))
    older.start()
    assert inside.wait(30)
    newer = PostgreSQLSink(url, url)
    taking = threading.Thread(target=newer.open)
    taking.start()
    taking.join(0.5)
    assert taking.is_alive()
    go.set()
    older.join()
    taking.join()
    assert set(stored(newer, "transactions")) == {"1"}
    assert newer.next_seq() > 1
    newer.close()


def test_readers_leave_the_turn_to_whoever_has_it(url: str, mirror: PostgreSQLSink, asked: Answers) -> None:
    reader = PostgreSQLSink(url, url, reads_only=True)
    reader.open()
    mirror.apply([asked("transactions", [transaction("1")])])
    assert reader.status() == mirror.status()
    assert reader.progress("vegas", "transactions") == mirror.progress("vegas", "transactions")
    with pytest.raises(SinkError, match="for reading only"):
        reader.fail(OWED)
    mirror.apply([asked("transactions", [transaction("2")])])
    assert reader.status()["products"]["vegas"]["feeds"]["transactions"]["rows"] == 2
    reader.close()


def test_nothing_is_made_by_who_only_reads(url: str) -> None:
    with pytest.raises(SinkError, match="no mirror in it yet"):
        PostgreSQLSink(url, url, reads_only=True).open()
    assert ask(url, "select 1 from pg_namespace where nspname = 'halfopen'") == []


def test_opening_again_makes_nothing(url: str, mirror: PostgreSQLSink) -> None:
    mirror.close()
    tables = "select relname, relfilenode, c.xmin::text from pg_class c where relnamespace::regnamespace::text in"
    made = f"{tables} ('public', 'halfopen') order by 1"
    before = ask(url, made)
    mirror.open()
    assert ask(url, made) == before


def test_a_mirror_of_a_later_version_is_refused_in_one_line(url: str, mirror: PostgreSQLSink) -> None:
    mirror.close()
    ask(url, f"insert into halfopen.version (version) values ({SCHEMA_VERSION + 1})")
    for reads_only in (False, True):
        with pytest.raises(SinkError, match=f"of version {SCHEMA_VERSION + 1}, this halfopen keeps") as refused:
            PostgreSQLSink(url, url, reads_only=reads_only).open()
        assert "\n" not in str(refused.value)


def test_a_field_that_the_mirror_lacks_is_added(url: str, mirror: PostgreSQLSink, tmp_path: Path) -> None:
    mirror.close()
    ask(
        url,
        "drop view players_canonical, players_current; alter table players drop column city;"
        " delete from halfopen.views",
    )
    mirror.open()
    mirror.apply([Answers(mirror, tmp_path)("players", [player("u", city="Riga")])])
    assert table(mirror, "SELECT city FROM players_canonical") == [{"city": "Riga"}]


def test_a_database_that_cannot_hold_every_text_is_refused() -> None:
    with (
        database("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0") as url,
        pytest.raises(SinkError, match="ENCODING 'UTF8'"),
    ):
        PostgreSQLSink(url, url).open()


@pytest.mark.parametrize("address", ["postgresql://nobody:s3cret@127.0.0.1:1/none", "postgresql://u:s3cret@h:port/x"])
def test_nobody_there_is_one_line_without_the_password(address: str) -> None:
    with pytest.raises(SinkError, match="cannot be opened") as refused:
        PostgreSQLSink(address, address.replace("s3cret", "***")).open()
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "[mirror] database" in str(refused.value)


@pytest.mark.parametrize("step", ["late", "commit", "fill"])
@pytest.mark.parametrize("is_ours", [False, True], ids=["the server's mistake", "our mistake"])
def test_nothing_is_seen_of_answers_that_fail_before_the_commit(
    mirror: PostgreSQLSink, asked: Answers, monkeypatch: pytest.MonkeyPatch, step: str, *, is_ours: bool
) -> None:
    mirror.apply([asked("transactions", [transaction("1"), transaction("2", amount="x")])])
    mirror.fail(OWED)
    before, status = everything(mirror), mirror.status()

    def fail(database: Database, *_: object) -> int:
        if is_ours:  # the server would commit what came before it
            raise SinkError("a mistake")
        database.rows("SELECT 1 FROM nowhere")
        return 0

    changed = [transaction("1", "2026-03-01 12:00:50"), transaction("3"), transaction("4", amount="x")]
    with monkeypatch.context() as patch:
        patch.setattr(quarantine if step == "late" else ledger, step, fail)
        with pytest.raises(SinkError, match="nothing was written") as failed:
            mirror.apply([asked("transactions", changed, rung=1), asked("game_activity", [session("s")])])
    assert "\n" not in str(failed.value)
    assert everything(mirror) == before
    assert mirror.status() == status
    assert mirror.apply([asked("transactions", changed, rung=1)])[0].changed == 2


def test_a_connection_that_ended_is_made_again(url: str, mirror: PostgreSQLSink, asked: Answers) -> None:
    end = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'halfopen' and datname = current_database()"
    )
    mirror.apply([asked("transactions", [transaction("1")])])
    mirror.query("SELECT 1")
    ask(url, end)
    again = asked("transactions", [transaction("2")])
    with contextlib.suppress(SinkError):  # one that was under way fails
        mirror.apply([again])
    mirror.apply([again])
    with contextlib.suppress(SinkError):
        mirror.query("SELECT 1")
    assert set(stored(mirror, "transactions")) == {"1", "2"}
    assert mirror.status()["products"]["vegas"]["feeds"]["transactions"]["rows"] == 2


def test_texts_that_postgresql_cannot_hold_are_mended_with_a_finding(mirror: PostgreSQLSink, asked: Answers) -> None:
    rows = [transaction("1", comment="a\0b", more="\0"), transaction("2")]
    [applied] = mirror.apply([asked("transactions", rows, format=Format.NDJSON)])
    assert (applied.changed, applied.quarantined, applied.findings) == (2, 0, 1)
    row = stored(mirror, "transactions")["1"]
    assert (row["comment"], custom(row)) == ("a\ufffdb", {"more": "\ufffd"})
    [applied] = mirror.apply([asked("transactions", [transaction("3", comment="c\0d")])])
    assert (applied.rows, applied.changed + applied.quarantined) == (1, 1)


def test_a_key_that_no_index_takes_is_held(mirror: PostgreSQLSink, asked: Answers) -> None:
    long = "".join(str(n * n) for n in range(3000))
    [applied] = mirror.apply([asked("transactions", [transaction(long), transaction("2", amount="x")])])
    assert (applied.changed, applied.quarantined) == (0, 2)
    codes = table(mirror, "SELECT codes FROM halfopen.quarantine ORDER BY codes")
    assert [row["codes"] for row in codes] == ["invalid_number:amount", "key_too_long:id"]
    assert mirror.apply([asked("transactions", [transaction(long[:2000])])])[0].changed == 1


READING = [
    "SELECT 1",
    "WITH t AS (SELECT 1 AS a) SELECT * FROM t;",
    "VALUES (1)",
    "TABLE transactions",
    "(SELECT 1)",
    "EXPLAIN SELECT 1",
    "SHOW timezone",
    "-- a remark\n/* and\nanother */ SELECT 1 -- and more",
]
WRITING = [
    "",
    "SELECT 1; SELECT 2",
    "SELECT 1; DELETE FROM transactions",
    "DELETE FROM transactions",
    "WITH gone AS (DELETE FROM transactions RETURNING *) SELECT * FROM gone",
    "EXPLAIN ANALYZE DELETE FROM transactions",
    "SELECT * INTO t FROM transactions",
    "SELECT * FROM transactions FOR UPDATE",
    "SELECT nextval('s')",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "CREATE TABLE t (a INT)",
    "COPY transactions TO '/tmp/out.csv'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "DO $$ BEGIN DELETE FROM transactions; END $$",
    "SET TRANSACTION READ WRITE",
    "COMMIT",
    "LOCK TABLE transactions",
    "SELECT nothing FROM nowhere",
    "SELEC 1",
]


@pytest.mark.parametrize("sql", READING)
def test_reading_is_answered(mirror: PostgreSQLSink, asked: Answers, sql: str) -> None:
    mirror.apply([asked("transactions", [transaction("1")])])
    names, rows = mirror.query(sql)
    assert names
    assert rows


@pytest.mark.parametrize("sql", WRITING)
def test_all_else_is_refused_and_changes_nothing(mirror: PostgreSQLSink, asked: Answers, sql: str) -> None:
    mirror.apply([asked("transactions", [transaction("1")])])
    with pytest.raises(QueryError) as refused:
        mirror.query(sql)
    assert "\n" not in str(refused.value)
    assert set(stored(mirror, "transactions")) == {"1"}
    assert mirror.apply([asked("transactions", [transaction("2")])])[0].changed == 1


def test_answers_of_queries_are_exact_and_in_utc(mirror: PostgreSQLSink, asked: Answers) -> None:
    mirror.apply([asked("transactions", [transaction("1", amount="12345678901234567890.123456789012345678")])])
    names, [row] = mirror.query(
        "SELECT amount, TIMESTAMPTZ '2026-03-01 12:00:00+02' AS z, amount AS z FROM transactions"
    )
    assert names == ["amount", "z", "z"]
    exact = Decimal("12345678901234567890.123456789012345678")
    assert row == (exact, datetime(2026, 3, 1, 10), exact)  # noqa: DTZ001 - the mirror's moments are UTC without a zone


def test_interrupting_stops_what_runs(mirror: PostgreSQLSink, asked: Answers) -> None:
    rows = [transaction(str(n), comment="x" * 50) for n in range(30_000)]
    big = asked("transactions", rows)
    done = threading.Event()

    def stop() -> None:
        # An interrupt that falls between two statements stops neither, so one alone may miss.
        while not done.wait(0.02):
            mirror.interrupt()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(SinkError, match=r"(?i)interrupt"):
        mirror.apply([big])
    done.set()
    stopper.join()
    assert stored(mirror, "transactions") == {}
    assert mirror.apply([asked("transactions", rows[:2])])[0].changed == 2


def test_nothing_of_an_answer_is_left_on_the_disk(mirror: PostgreSQLSink, asked: Answers) -> None:
    mirror.apply([asked("auto_logins", csv_of([{"player_id": "p", "login_token": "t", "updated_at": "never"}]))])
    assert mirror._work is not None
    folder = mirror._work.folder
    assert [entry for entry in folder.rglob("*") if entry.is_file()] == []
    mirror.close()
    assert not folder.exists()


def test_a_sink_that_is_never_closed_does_not_keep_its_process(url: str) -> None:
    code = (
        "from halfopen.sinks.postgresql.sink import PostgreSQLSink;"
        f" s = PostgreSQLSink({url!r}, 'mirror'); s.open(); print(s.next_seq())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (other.returncode, other.stdout) == (0, "1\n")
