"""Every promise is tried on every engine: one harness a file in `engines/`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from halfopen.sinks.base import Sink
from sinks.engines.duckdb import DuckDBEngine
from support.answers import Answers

ENGINES = [DuckDBEngine]


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> DuckDBEngine:
    return request.param(tmp_path)


@pytest.fixture
def sink(engine: DuckDBEngine) -> Iterator[Sink]:
    sink = engine.make()
    sink.open()
    yield sink
    sink.close()


@pytest.fixture
def answer(sink: Sink, tmp_path: Path) -> Answers:
    return Answers(sink, tmp_path)
