"""Schemas in the style of real frameworks: most of what can be mapped is mapped right, the rest is said."""

import pytest

from support import schemas

GOAL = 85


@pytest.mark.parametrize(
    ("engine", "name"), [(engine, name) for engine in schemas.ENGINES for name in schemas.of(engine)]
)
async def test_mapped_right_or_said(tmp_path, engine, name):
    score = await schemas.measured(engine, tmp_path, name)
    report = schemas.table([score])
    assert score.percent >= GOAL, report
    assert not score.silent, report
    assert not score.extra, report
