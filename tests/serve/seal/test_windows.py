"""No row is lost to a poller that asks each window once, over a real PostgreSQL; both ways of telling late rows."""

import asyncio
import random
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from halfopen.sources.sealing import Detector
from halfopen.wire.negotiate import Format
from support.postgresql import database
from support.sealed import Product, players, product, sessions, tables

WAYS = {
    "table": ({"table": "player"}, Detector.XID),
    "view": ({"table": "shown"}, Detector.XID),
    "select": ({"table": None, "sql": "select id, city, modified_at from player"}, Detector.SET),
}


@pytest.fixture(scope="module")
def url():
    with database() as made:
        asyncio.run(tables(made))
        yield made


@asynccontextmanager
async def writer(url: str):
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture(params=WAYS, ids=str)
def way(request) -> tuple[dict, Detector]:
    return WAYS[request.param]


@pytest.fixture
async def served(url: str, tmp_path: Path, way):
    async with writer(url) as connection:
        await connection.execute("truncate player, action")
    async with product(url, tmp_path, players, **way[0]) as made:
        yield made


async def put(connection: asyncpg.Connection, served: Product, key: str, city: str, seconds: float) -> None:
    await connection.execute(
        "insert into player values ($1, $2, $3) on conflict (id) do update set city = $2, modified_at = $3",
        key,
        city,
        served.moment(seconds),
    )


async def test_the_detector_is_the_best_that_the_relation_allows(served: Product, way):
    assert await served.windows.detector(served.offer) is way[1]


async def test_a_late_row_is_lifted_into_the_next_window_and_into_no_other(url: str, served: Product):
    async with writer(url) as one, writer(url) as other:
        await put(one, served, "a", "Riga", 10)
        late = other.transaction()
        await late.start()
        await put(other, served, "b", "Ogre", 30)
        assert await served.ask(0, 60) == [("a", "Riga", 10)]
        await late.commit()
        assert await served.ask(0, 60) == [("a", "Riga", 10)], "an answered window has gained a row"
        await put(one, served, "c", "Cēsis", 70)
        expected = [("b", "Ogre", 60), ("c", "Cēsis", 70)]
        assert await served.ask(60, 120) == expected
        assert await served.ask(0, 60) == [("a", "Riga", 10)]
        assert await served.ask(60, 120) == expected
        assert await served.ask(120, 180) == []
        assert await served.ask(0, 180) == [("a", "Riga", 10), *expected]
        assert await served.ask(30, 61) == [("b", "Ogre", 60)]
    assert len(served.told.late) == 1
    assert not served.told.reasons


async def test_json_shows_what_csv_shows(url: str, served: Product):
    async with writer(url) as one, writer(url) as other:
        late = other.transaction()
        await late.start()
        await put(other, served, "b", "Ogre", 30)
        assert await served.ask(0, 60) == []
        await late.commit()
        await put(one, served, "c", "Cēsis", 70)
        stamps = [f"{served.moment(seconds):%Y-%m-%d %H:%M:%S}" for seconds in (60, 70)]
        body = await served.body(60, 120, Format.NDJSON)
    assert sorted(body.splitlines()) == [
        f'{{"id":"b","city":"Ogre","modified_at":"{stamps[0]}"}}',
        f'{{"id":"c","city":"Cēsis","modified_at":"{stamps[1]}"}}',
    ]


async def test_a_row_that_changes_back_within_a_second_is_seen(url: str, served: Product):
    async with writer(url) as one:
        await put(one, served, "a", "Riga", 59.1)
        assert await served.ask(0, 60) == [("a", "Riga", 59)]
        await put(one, served, "a", "Ogre", 59.2)
        assert await served.ask(60, 120) == [("a", "Ogre", 60)]
        await put(one, served, "a", "Riga", 59.3)
        assert await served.ask(120, 180) == [("a", "Riga", 120)]
        assert await served.ask(0, 180) == [("a", "Riga", 120)]


async def test_savepoints_and_transactions_that_read_first_and_write_late(url: str, served: Product):
    async with writer(url) as one, writer(url) as other:
        late = other.transaction()
        await late.start()
        await other.fetch("select count(*) from player")
        await put(one, served, "a", "Riga", 20)
        assert await served.ask(0, 60) == [("a", "Riga", 20)]
        await put(other, served, "b", "Ogre", 5)
        async with other.transaction():
            await put(other, served, "c", "Cēsis", 6)
        never = other.transaction()
        await never.start()
        await put(other, served, "d", "never", 7)
        await never.rollback()
        await late.commit()
        assert await served.ask(60, 120) == [("b", "Ogre", 60), ("c", "Cēsis", 60)]


async def test_a_row_beyond_the_allowance_is_not_looked_for(url: str, served: Product):
    async with writer(url) as one:
        assert await served.ask(0, 1200) == []
        await put(one, served, "a", "Riga", 200)
        await put(one, served, "b", "Ogre", 1000)
        assert await served.ask(1200, 1260) == [("b", "Ogre", 1200)]


async def test_a_window_that_skips_leaves_its_rows_to_whoever_asks_for_them(url: str, served: Product):
    async with writer(url) as one:
        assert await served.ask(0, 60) == []
        await put(one, served, "a", "Riga", 30)
        await put(one, served, "b", "Ogre", 90)
        await put(one, served, "c", "Cēsis", 130)
        assert await served.ask(120, 180) == [("c", "Cēsis", 130)]
        await put(one, served, "d", "Valka", 100)
        assert await served.ask(60, 120) == [("a", "Riga", 60), ("b", "Ogre", 90)]
        assert await served.ask(180, 240) == [("d", "Valka", 180)]


async def test_lost_seals_serve_the_look_back_once_more_and_lose_nothing(url: str, served: Product, tmp_path: Path):
    async with writer(url) as one, product(url, tmp_path / "lost", players, begun=False, **WAYS["table"][0]) as again:
        await put(one, served, "a", "Riga", 3590)
        begun = await again.windows.begin(again.offer)
        end = (begun.base.at - again.at).total_seconds()
        assert again.told.reasons == ["nothing is known of what was answered before"]
        # What ends before the beginning is answered with what is there; and it is served once more after it.
        await put(one, served, "b", "Ogre", end - 100)
        expected = sorted([("b", "Ogre", end - 100), ("a", "Riga", 3590)])
        assert await again.ask(0, end) == expected
        rows = await again.ask(end, end + 1)
        assert rows == [("a", "Riga", end), ("b", "Ogre", end)]
        assert await again.ask(end + 1, end + 2) == []
        assert (await again.windows.begin(again.offer)).base == begun.base


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_written_a_poller_that_never_comes_back_gets_it_once(url: str, served: Product, seed: int):
    """Random writers with open transactions, against a model of what was delivered; prints its seed."""
    chance = random.Random(f"{seed}")
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    got: dict[str, tuple[str, float]] = {}
    deliveries: Counter[tuple[str, str]] = Counter()
    async with writer(url) as one, writer(url) as two, writer(url) as three:
        hands = [one, two, three]
        open_ones: dict[int, tuple[asyncpg.transaction.Transaction, set[str]]] = {}
        for minute in range(25):
            for step in range(12):
                hand = chance.randrange(3)
                if hand not in open_ones and chance.random() < 0.6:
                    transaction = hands[hand].transaction()
                    await transaction.start()
                    open_ones[hand] = (transaction, set())
                busy = set().union(*(keys for at, (_, keys) in open_ones.items() if at != hand))
                key = f"{chance.randrange(40)}"
                if key not in busy:
                    seconds = minute * 60 + 5 * step - chance.choice([0, 0, 1, 30, 200])
                    await put(hands[hand], served, key, f"{minute}.{step}", max(0, seconds))
                    if hand in open_ones:
                        open_ones[hand][1].add(key)
                if hand in open_ones and chance.random() < 0.3:
                    transaction, _ = open_ones.pop(hand)
                    await (transaction.rollback() if chance.random() < 0.2 else transaction.commit())
            await deliver(served, minute, got, deliveries, minute * 60 + 60)
        for transaction, _ in open_ones.values():
            await transaction.commit()
        for minute in range(25, 30):
            await deliver(served, minute, got, deliveries, minute * 60 + 60)
        truth = {row["id"]: row["city"] for row in await one.fetch("select id, city from player")}
    assert {key: city for key, (city, _) in got.items()} == truth
    assert max(deliveries.values()) == 1, deliveries.most_common(3)
    assert len(await served.ask(0, 1800)) == len(truth)
    assert served.told.late, "the simulation made no row late"


async def deliver(served: Product, minute: int, got, deliveries, end: float) -> None:
    """One closed minute to a poller, with everything that must hold for it."""
    start = minute * 60
    for key, city, stamp in await served.ask(start, end):
        assert start <= stamp < end
        assert key not in got or got[key][1] <= stamp, "a stamp decreased"
        got[key] = (city, stamp)
        deliveries[(key, city)] += 1


async def test_a_version_that_one_poller_missed_while_it_was_away_comes_again(url: str, served: Product):
    """A -> B -> A between two seals: digests of both As are the same, and in between somebody asked."""
    async with writer(url) as one:
        await put(one, served, "a", "Riga", 10)
        assert await served.ask(0, 60) == [("a", "Riga", 10)]
        await put(one, served, "a", "Ogre", 10.2)
        assert await served.ask(0, 60) == []
        await put(one, served, "a", "Riga", 10.4)
        assert await served.ask(0, 60) == []
        assert await served.ask(60, 120) == [("a", "Riga", 60)]
        assert await served.ask(0, 120) == [("a", "Riga", 60)]


@pytest.mark.parametrize("seed", range(3))
async def test_two_pollers_apart_both_get_everything(url: str, served: Product, seed: int):
    """One key at a time and two words, so that versions come back; the second poller asks when it likes."""
    chance = random.Random(f"apart {seed}")
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    early: dict[str, tuple[str, float]] = {}
    late: dict[str, tuple[str, float]] = {}
    async with writer(url) as one:
        stamps: dict[str, float] = {}
        for minute in range(40):
            waiting = minute - 2
            for step in range(8):
                key = f"{minute // 4}"
                if key not in stamps or chance.random() < 0.05:
                    stamps[key] = max(stamps.get(key, 0), minute * 60 + 7 * step - chance.choice([0, 60, 120]))
                await put(one, served, key, chance.choice("AB"), stamps[key])
                if waiting >= 0 and chance.random() < 0.3:
                    await deliver(served, waiting, late, Counter(), waiting * 60 + 60)
                    waiting = -1
            if waiting >= 0:
                await deliver(served, waiting, late, Counter(), waiting * 60 + 60)
            await deliver(served, minute, early, Counter(), minute * 60 + 60)
        await deliver(served, 40, early, Counter(), 41 * 60)
        for minute in (38, 39, 40):
            await deliver(served, minute, late, Counter(), minute * 60 + 60)
        truth = {row["id"]: row["city"] for row in await one.fetch("select id, city from player")}
    assert {key: city for key, (city, _) in early.items()} == truth
    assert {key: city for key, (city, _) in late.items()} == truth


@pytest.mark.parametrize("named", [{"table": "action"}, {"table": None, "sql": "select * from action"}], ids=str)
async def test_a_session_is_touched_where_its_late_action_is_served(url: str, tmp_path: Path, named):
    async with writer(url) as one, writer(url) as other, product(url, tmp_path, sessions, **named) as served:
        await one.execute("truncate action")
        insert = "insert into action values ($1, $2, 'bet', $3, $4)"
        await one.execute(insert, 1, "s", 10, served.moment(10))
        await one.execute(insert, 2, "quiet", 7, served.moment(12))
        late = other.transaction()
        await late.start()
        await other.execute(insert, 3, "s", 5, served.moment(40))
        assert await served.ask(0, 60) == [("quiet", "7", 12), ("s", "10", 10)]
        await late.commit()
        assert await served.ask(0, 60) == [("quiet", "7", 12), ("s", "10", 10)], "an action counts that was not served"
        assert await served.ask(60, 120) == [("s", "15", 60)]
        assert await served.ask(120, 180) == []
        await one.execute(insert, 4, "s", 1, served.moment(190))
        assert await served.ask(180, 240) == [("s", "16", 190)]
        assert await served.ask(0, 240) == [("quiet", "7", 12), ("s", "16", 190)]


@pytest.mark.parametrize("named", [{"table": "action"}, {"table": None, "sql": "select * from action"}], ids=str)
async def test_a_session_counts_no_action_of_a_time_that_is_not_sealed(url: str, tmp_path: Path, named):
    """What is not sealed may still turn out to be late: the session would be told with it, without it, and with it."""
    async with writer(url) as one, product(url, tmp_path, sessions, **named) as served:
        await one.execute("truncate action")
        insert = "insert into action values ($1, $2, 'bet', $3, $4)"
        await one.execute(insert, 1, "s", 10, served.moment(10))
        assert await served.ask(0, 60) == [("s", "10", 10)]
        await one.execute(insert, 2, "s", 5, served.moment(70))
        assert await served.ask(0, 60) == [("s", "10", 10)]
        assert await served.ask(60, 120) == [("s", "15", 70)]
        assert await served.ask(0, 60) == [("s", "15", 70)]
        await one.execute(insert, 3, "s", 1, served.moment(7200))
        assert await served.ask(0, 7300) == [("s", "15", 70)], "a window that is not over shows what is sealed"
