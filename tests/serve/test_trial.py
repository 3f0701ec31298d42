"""A dry run before a server is said to be in order."""

import pytest

from halfopen.serve.mapping import offers
from halfopen.serve.trial import trial
from halfopen.sources.sqlite import SqliteSource
from support.serving import PLAYERS, configured, database, insert, player


async def tried(folder, rows):
    path = database(folder, players=PLAYERS)
    insert(path, "players", rows)
    source = SqliteSource(path)
    try:
        return await trial(source, offers(configured(folder), source))
    finally:
        source.close()


@pytest.mark.parametrize(
    "city", ["two\nlines", "two\r\nlines", "two\rlines", 'x"' * 1_500_000], ids=["lf", "crlf", "cr", "long"]
)
async def test_texts_of_any_kind_can_be_looked_at(tmp_path, city):
    assert await tried(tmp_path, [player(n, city=city) for n in range(3)]) == []


async def test_what_the_judge_holds_against_a_row_is_told_with_its_value(tmp_path):
    nowhen = ("p9", "some day", *player(9)[2:])
    found = await tried(tmp_path, [player(1), nowhen])
    assert [(verdict.text.split(":")[0], verdict.is_fatal) for verdict in found] == [("serve.feeds.players", True)]
    assert "1 of 2 rows looked at" in found[0].text
    assert "'some day'" in found[0].text
