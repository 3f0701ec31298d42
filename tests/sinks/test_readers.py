"""Who asks long questions of a mirror holds up nobody, and can be stopped; on every engine."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from halfopen.errors import SinkError
from halfopen.sinks.base import Reader, Sink
from sinks.conftest import Engine
from support.answers import Answers, stored, transaction

ENDLESS = (
    "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 1000000000) SELECT count(*) FROM t a, t b"
)
ROWS = "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 2500) SELECT i AS n FROM t ORDER BY n"
SOON_SECONDS = 10


class Running:
    """Something that runs in a thread, and how it ended."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.error: BaseException | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def ended(self) -> BaseException | None:
        self._thread.join(SOON_SECONDS)
        assert not self._thread.is_alive(), "it goes on"
        return self.error

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - told to the test
            self.error = error


def busy(reader: Reader) -> Running:
    def work() -> None:
        reader.ask(ENDLESS)
        reader.fetch(1)

    running = Running(work)
    time.sleep(0.3)
    assert running.error is None
    return running


def test_rows_come_in_pieces(sink: Sink) -> None:
    reader = sink.reader()
    assert reader.ask(ROWS) == ["n"]
    found = [reader.fetch(1000) for _ in range(4)]
    reader.close()
    assert [len(rows) for rows in found] == [1000, 1000, 500, 0]
    assert found[1][0] == (1001,)


def test_closing_a_reader_stops_what_it_asked(sink: Sink) -> None:
    reader = sink.reader()
    running = busy(reader)
    began = time.monotonic()
    reader.close()
    assert isinstance(running.ended(), SinkError)
    assert time.monotonic() - began < SOON_SECONDS
    reader.close()
    with pytest.raises(SinkError, match="interrupted"):
        reader.ask("SELECT 1")


def test_a_long_question_holds_up_neither_others_nor_the_writer(sink: Sink, answer: Answers) -> None:
    long, other = sink.reader(), sink.reader()
    running = busy(long)
    assert sink.apply([answer("transactions", [transaction("1")])])[0].changed == 1
    other.ask("SELECT id FROM transactions")
    assert other.fetch(10) == [("1",)]
    assert sink.query("SELECT count(*) FROM transactions")[1] == [(1,)]
    assert running.error is None
    long.close()
    other.close()
    assert isinstance(running.ended(), SinkError)


def test_a_mirror_is_closed_whoever_reads_it(engine: Engine, tmp_path: Path) -> None:
    sink = engine.make()
    sink.open()
    waiting = sink.reader()
    waiting.ask(ROWS)
    running = busy(sink.reader())
    closing = Running(sink.close)
    assert closing.ended() is None
    assert isinstance(running.ended(), SinkError)
    with pytest.raises(SinkError):
        waiting.fetch(10)
    with pytest.raises(SinkError, match="is not open"):
        sink.reader()
    again = engine.make()
    again.open()
    again.close()


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.1, 0.2, 0.4])
def test_a_snapshot_that_is_stopped_leaves_nothing(sink: Sink, answer: Answers, tmp_path: Path, seconds: float) -> None:
    sink.apply([answer("transactions", [transaction(str(number)) for number in range(2000)])])
    readers = tmp_path / "readers"
    readers.mkdir()
    reader = sink.reader()
    running = Running(lambda: reader.snapshot(readers / "a.duckdb", readers))
    time.sleep(seconds)
    reader.close()
    ended = running.ended()
    assert ended is None or isinstance(ended, SinkError), ended
    if ended is not None:
        assert list(readers.iterdir()) == []
    assert sink.snapshot(readers / "b.duckdb", None)["transactions"] == 2000
    assert sink.query("SELECT current_schema()")[1] in ([("main",)], [("public",)])
    assert len(stored(sink, "transactions")) == 2000
