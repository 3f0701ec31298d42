"""What is said of a feed at start, and that no feed holds the start up."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from halfopen.serve.mapping import offers
from halfopen.serve.survey import lines, survey, warnings
from halfopen.sources.sqlite import SqliteSource
from support.serving import AT, PLAYERS, configured, database, insert, player

NOW = AT + timedelta(minutes=90, seconds=7)


class Slow(SqliteSource):
    """Takes for ever over each window that is longer than a minute."""

    @asynccontextmanager
    async def stream(self, selection, window, format_, limit=None):
        if window is not None and window.length > timedelta(minutes=1):
            await asyncio.sleep(3600)
        async with super().stream(selection, window, format_, limit) as answer:
            yield answer


async def surveyed(folder, kind=SqliteSource, feeds='[serve.feeds.players]\ntable = "players"\n', **options):
    path = database(
        folder, players=PLAYERS, tournaments="id text, name text, sport text, country_code text, start_date text"
    )
    stamps = [0, 29 * 60, 30 * 60, 89 * 60, 90 * 60 - 1, 90 * 60]
    insert(path, "players", [player(n, seconds) for n, seconds in enumerate(stamps)])
    insert(path, "tournaments", [("t1", "Cup", "football", "GB", None)])
    source = kind(path)
    try:
        offered = offers(configured(folder, feeds), source)
        facts = await survey(source, offered, NOW, **options)
        return facts, lines(offered, facts)
    finally:
        source.close()


async def test_rows_are_those_of_the_last_hour_of_full_minutes(tmp_path):
    facts, said = await surveyed(tmp_path)
    assert facts["players"].rows == 3
    assert facts["players"].milliseconds > 0
    assert said[0].startswith("players             /api/players  from players, no index, 3 rows in the last hour, ")
    assert len(said) == 13


async def test_a_catalogue_needs_no_index(tmp_path):
    facts, said = await surveyed(tmp_path, feeds='[serve.feeds.sports_tournaments]\ntable = "tournaments"\n')
    assert warnings(facts) == []
    assert [line for line in said if "the whole catalogue for every window, 1 row, " in line]


async def test_what_takes_too_long_is_given_up_and_said(tmp_path):
    facts, said = await surveyed(tmp_path, Slow, seconds=0.3)
    assert facts["players"].rows is None
    assert facts["players"].milliseconds is not None
    assert said[0].endswith(" ms for a minute, not measured further: it took longer than 0.3 s")
    assert warnings(facts)[0].endswith('CREATE INDEX halfopen_players ON "players" ("modified_at");')
