"""The engines of these tests, and a table of each."""

import asyncio
import os

import pytest

from sources.engines.all import ENGINES, Engine
from support.sealing import Place

FORMS = {
    *("sqlite: text", "sqlite: +00:00", "sqlite: milliseconds", "postgresql: timestamptz", "postgresql: text"),
    *("mysql: datetime(6)", "mysql: decimal seconds", "duckdb: timestamp", "duckdb: milliseconds"),
}
"""Cursors that engines turn into moments in ways of their own; HALFOPEN_TEST_FORMS=all takes every one there is."""

CHOSEN = [each for each in ENGINES if each.name in FORMS or os.environ.get("HALFOPEN_TEST_FORMS") == "all"]


@pytest.fixture(params=CHOSEN, ids=lambda engine: engine.name)
def engine(request) -> Engine:
    return request.param


@pytest.fixture
async def place(engine, tmp_path):
    made = []

    def make(*rows, **options) -> Place:
        made.append(Place(engine, tmp_path, rows, **options))
        return made[-1]

    yield make
    for each in made:
        each.source.close()
    # Transports are ended on the event loop.
    await asyncio.sleep(0)
