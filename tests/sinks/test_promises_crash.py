"""kill -9 in the middle of applying: nothing half, whatever the mirror."""

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from halfopen.window.coverage import Coverage
from halfopen.window.window import Window
from sinks.conftest import Engine
from support.answers import NOON, stored, table

WRITER = Path(__file__).with_name("applying.py")


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_rows_and_ledger_agree(engine: Engine, seed: int) -> None:
    """A process applies minute after minute, each with its own rows and with one row that all change."""
    moment = random.Random(seed)
    print("seed", seed)  # noqa: T201 - simulations print their seed
    committed = 0
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, WRITER, engine.address, str(committed)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(moment.uniform(0.05, 0.9))
        writer.send_signal(signal.SIGKILL)
        told = writer.stdout.read().split()
        writer.stdout.close()
        writer.wait()

        sink = engine.make()
        sink.open()
        lines = table(sink, "SELECT window_start, rows, changed FROM halfopen.ledger ORDER BY window_start")
        minutes = [int((line["window_start"].replace(tzinfo=UTC) - NOON) / timedelta(minutes=1)) for line in lines]
        assert minutes == list(range(len(lines)))
        assert len(lines) >= max((int(number) + 1 for number in told), default=committed)
        rows = stored(sink, "transactions")
        assert set(rows) == {f"{minute}-{n}" for minute in minutes for n in range(40)} | ({"all"} if minutes else set())
        assert not minutes or rows["all"]["comment"] == str(minutes[-1])
        committed = len(lines)
        assert sink.progress("vegas", "transactions").committed == Coverage.of(
            [Window(NOON, NOON + timedelta(minutes=committed))]
        )
        sink.close()
    assert committed
