"""A small month through real processes: built, served, pulled, compared. The whole one: `python bench/month.py`."""

import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "month.py"
MOST_GROWTH_MIB = 96
"""Flat: what a few answers in flight take, however many rows there are."""


def test_a_small_month_is_pulled_exactly_and_the_server_stays_small(tmp_path):
    done = subprocess.run(
        [sys.executable, str(BENCH), "--players", "30", "--dir", str(tmp_path / "month")],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^13 feeds, (\d+) rows: 0 missing, 0 differing, 0 extra$", done.stdout, re.MULTILINE)
    assert found, done.stdout
    assert int(found[1]) > 65_000
    growth = re.search(r"it grew by (-?\d+) MiB", done.stdout)
    assert int(growth[1]) < MOST_GROWTH_MIB, done.stdout
