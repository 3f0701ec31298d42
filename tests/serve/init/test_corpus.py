"""Schemas in the style of real frameworks: most of what can be mapped is mapped right, the rest is said."""

import pytest

from support import postgresql, schemas

GOAL = 85


def check(score):
    report = schemas.table([score])
    assert score.percent >= GOAL, report
    assert not score.silent, report
    assert not score.extra, report


@pytest.mark.parametrize("name", schemas.NAMES)
async def test_sqlite(tmp_path, name):
    check(await schemas.sqlite_score(tmp_path, name))


@pytest.mark.parametrize("name", schemas.NAMES)
async def test_postgresql(tmp_path, name):
    with postgresql.database() as url:
        check(await schemas.postgresql_score(tmp_path, name, url))
