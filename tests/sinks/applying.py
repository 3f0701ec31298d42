"""Applies minute after minute to a mirror until it is killed; says each minute that is committed.

Usage: applying.py ADDRESS FIRST_MINUTE
"""

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from halfopen.config.urls import database_url
from halfopen.sync.mirror import open_sink
from support.answers import NOON, Answers, transaction

sink = open_sink(database_url(sys.argv[1], Path()))
sink.open()
answers = Answers(sink, Path(tempfile.mkdtemp()))
print("ready", flush=True)  # noqa: T201 - the test listens
for minute in range(int(sys.argv[2]), 10_000):
    moment = NOON + timedelta(minutes=minute)
    stamp = f"{moment:%Y-%m-%d %H:%M:%S}"
    rows = [transaction(f"{minute}-{n}", stamp) for n in range(40)]
    rows.append(transaction("all", stamp))
    for row in rows:
        row["comment"] = str(minute)
    window = (f"{moment:%Y-%m-%d %H:%M:%S}", f"{moment + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}")
    sink.apply([answers("transactions", rows, window=window, fetched_at=moment + timedelta(minutes=1))])
    print(minute, flush=True)  # noqa: T201 - the test counts
