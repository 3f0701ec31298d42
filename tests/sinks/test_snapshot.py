"""Copies of a mirror for readers, on every engine."""

import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from halfopen.contract.load import NAMES
from halfopen.errors import SinkError
from halfopen.sinks.base import Sink
from halfopen.sinks.duckdb.sink import DuckDBSink
from support.answers import Answers, player, transaction


def filled(sink: Sink, answer: Answers) -> None:
    token = {"player_id": "p", "login_token": "t0ken", "created_at": "2026-01-01 00:00:00", "secret": "s3cret"}
    bad = {**token, "player_id": "q", "updated_at": "never"}
    rows: list[dict[str, Any]] = [{**token, "updated_at": "2026-03-01 12:00:10"}, bad]
    players = [player("p", vip="7", city='Zoë, "Z"\n張', last_name="", self_excluded="true")]
    amount = "12345678901234567890.000000000000000001"
    sink.apply(
        [
            answer("players", players),
            answer("transactions", [transaction("t", amount=amount), transaction("bad", "never")]),
            answer("auto_logins", rows),
        ]
    )


def test_the_copy_is_whole_and_keeps_every_digit(sink: Sink, answer: Answers, tmp_path: Path) -> None:
    filled(sink, answer)
    target = tmp_path / "readers.duckdb"
    target.write_text("an older one")
    rows = sink.snapshot(target, tmp_path)
    assert {name: count for name, count in rows.items() if count} == {"players": 1, "transactions": 1, "auto_logins": 1}
    assert not list(tmp_path.glob(".*part"))
    with duckdb.connect(str(target), read_only=True) as copy:
        one = copy.execute("SELECT id, city, last_name, self_excluded, custom->>'vip' FROM players").fetchall()
        assert one == [("p", 'Zoë, "Z"\n張', "", True, "7")]
        [(amount, kind)] = copy.execute("SELECT amount, typeof(amount) FROM transactions").fetchall()
        assert (str(amount), kind) == ("12345678901234567890.000000000000000001", "DECIMAL(38,18)")
        assert copy.execute("SELECT id FROM players_current").fetchall() == [("p",)]
        assert copy.execute("SELECT vip FROM players_vegas").fetchall() == [(7,)]
        assert copy.execute("SELECT dir FROM transactions_canonical").fetchall() == [("IN",)]
        assert copy.execute("SELECT sum(rows)::BIGINT FROM halfopen.ledger").fetchall() == [(5,)]
        held = copy.execute("SELECT feed, raw IS NULL FROM halfopen.quarantine ORDER BY feed").fetchall()
        assert held == [("auto_logins", True), ("transactions", False)]
        assert copy.execute("SELECT login_token, custom FROM auto_logins").fetchall() == [(None, None)]
    assert b"sha256:" not in target.read_bytes(), "not even the hash of a token"
    with duckdb.connect() as reader:
        found = reader.execute(f"SELECT amount FROM '{tmp_path}/transactions.parquet'").fetchall()
        assert str(found[0][0]) == "12345678901234567890.000000000000000001"
    assert sorted(path.stem for path in tmp_path.glob("*.parquet")) == sorted(NAMES)


def test_rows_may_be_as_long_in_a_copy_as_they_are_in_an_answer(sink: Sink, answer: Answers, tmp_path: Path) -> None:
    city = '"\n' * 3_000_000
    sink.apply([answer("players", [player("p", city=city), player("q")])])
    assert sink.snapshot(tmp_path / "readers.duckdb", None)["players"] == 2
    with duckdb.connect(str(tmp_path / "readers.duckdb"), read_only=True) as copy:
        assert copy.execute("SELECT id FROM players WHERE city = ?", [city]).fetchall() == [("p",)]


def test_answers_go_on_meanwhile_and_are_in_the_next_one(sink: Sink, answer: Answers, tmp_path: Path) -> None:
    filled(sink, answer)
    answers = [answer("players", [player(f"p{number}-{row}") for row in range(50)]) for number in range(10)]
    done: list[dict[str, int]] = []
    thread = threading.Thread(target=lambda: done.append(sink.snapshot(tmp_path / "a.duckdb", None)))
    thread.start()
    for one in answers:
        sink.apply([one])
    thread.join(60)
    assert (done[0]["players"] - 1) % 50 == 0, "whole answers or none of them"
    assert sink.snapshot(tmp_path / "b.duckdb", None)["players"] == 501


def test_a_target_that_cannot_be_written_is_told(sink: Sink, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot write"):
        sink.snapshot(tmp_path / "missing" / "a.duckdb", None)
    assert sink.snapshot(tmp_path / "a.duckdb", None)["players"] == 0, "it can be tried again"


def test_a_copy_is_no_mirror(sink: Sink, tmp_path: Path) -> None:
    sink.snapshot(tmp_path / "a.duckdb", None)
    with pytest.raises(SinkError, match="snapshot for readers"):
        DuckDBSink(tmp_path / "a.duckdb").open()
