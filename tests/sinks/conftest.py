"""Every promise is tried on every engine: one harness a file in `engines/`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from halfopen.sinks.base import Sink
from sinks.engines.duckdb import DuckDBEngine
from sinks.engines.postgresql import PostgreSQLEngine
from support.answers import Answers

ENGINES = [DuckDBEngine, PostgreSQLEngine]
Engine = DuckDBEngine | PostgreSQLEngine


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine = request.param(tmp_path)
    yield engine
    engine.close()


@pytest.fixture
def sink(engine: Engine) -> Iterator[Sink]:
    sink = engine.make()
    sink.open()
    yield sink
    sink.close()


@pytest.fixture
def answer(sink: Sink, tmp_path: Path) -> Answers:
    return Answers(sink, tmp_path)
