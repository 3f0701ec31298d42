"""What every store of seals promises, with a SQLite file and a real PostgreSQL."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from halfopen.config.urls import database_url
from halfopen.errors import StateError
from halfopen.serve.seal.opening import open_store
from halfopen.serve.seal.state import Base
from halfopen.sources.sealing import Detector, Lift
from halfopen.window.window import Window
from support.postgresql import ask, process_database
from support.saving import FEED, FIRST, MINUTE, T0, digest, seal

XIDS = replace(FIRST, number=1, detector=Detector.XID, seen={2**33: 1, 2**33 + 9: 1})
ALWAYS = Window(T0 - 10_000 * MINUTE, T0 + 10_000 * MINUTE)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/seals.sqlite"
    ask(process_database(), "drop schema if exists halfopen cascade; set lock_timeout = '5s'")
    return process_database()


def opened(url):
    return open_store(database_url(url, Path("/")))


@pytest.fixture
async def store(url):
    store = opened(url)
    yield store
    await store.close()


async def lifts(store, window=ALWAYS, **options):
    return {lift.identity: lift for lift in await store.lifts(FEED, window, **options)}


async def test_there_is_no_seal_at_first(store):
    assert await store.load(FEED) is None
    assert await store.lifts(FEED, ALWAYS) == []


@pytest.mark.parametrize("kept", [XIDS, seal("a", 1), replace(FIRST, number=5)])
async def test_a_seal_comes_back_as_it_was_saved(store, url, kept):
    assert await store.save(kept, [], replaces=None, forget_before=T0)
    assert await store.load(FEED) == kept
    assert await store.load(FEED) == kept
    assert await store.load("players") is None
    other = opened(url)
    assert await other.load(FEED) == kept
    await other.close()


async def test_a_seal_is_saved_over_the_one_that_was_loaded_and_no_other(store):
    assert await store.save(seal("a", 1), [], replaces=None, forget_before=T0)
    late = [Lift(7, T0, T0 + MINUTE)]
    for replaces in (None, 0, 2):
        assert not await store.save(seal("b", 2), late, replaces=replaces, forget_before=T0 + 100 * MINUTE)
    assert await store.load(FEED) == seal("a", 1)
    assert await lifts(store) == {}
    assert await store.save(seal("b", 2), late, replaces=1, forget_before=T0)
    assert not await store.save(seal("c", 2), [], replaces=1, forget_before=T0)
    assert await store.load(FEED) == seal("b", 2)
    assert await lifts(store) == {7: late[0]}


async def test_each_feed_has_seals_of_its_own(store):
    players = replace(seal("p", 1), feed="players")
    await store.save(seal("a", 1), [Lift(7, T0, T0 + MINUTE)], replaces=None, forget_before=T0)
    assert await store.save(players, [], replaces=None, forget_before=T0 + 100 * MINUTE)
    assert await store.load(FEED) == seal("a", 1)
    assert await store.load("players") == players
    assert await store.lifts("players", ALWAYS) == []
    assert len(await lifts(store)) == 1


async def test_lifts_are_found_by_what_they_were_lifted_to(store):
    made = [Lift(n, T0 + n * MINUTE, T0 + (n + 2) * MINUTE) for n in range(10)]
    await store.save(seal("a", 1), made, replaces=None, forget_before=T0)
    window = Window(T0 + 5 * MINUTE, T0 + 6 * MINUTE)
    assert set(await lifts(store, window)) == {3, 4, 5}
    assert set(await lifts(store, window, open_end=True)) == {3, 4, 5, 6, 7, 8, 9}
    assert (await lifts(store))[4] == made[4]


async def test_a_lift_takes_the_place_of_an_earlier_one_and_old_ones_are_dropped(store):
    row, gone = digest("a", 1), digest("a", 2)
    first = [Lift(row, T0, T0 + MINUTE), Lift(gone, T0, T0 + MINUTE)]
    await store.save(seal("a", 1), first, replaces=None, forget_before=T0)
    again = Lift(row, T0 + MINUTE, T0 + 3 * MINUTE)
    await store.save(seal("a", 2), [again], replaces=1, forget_before=T0 + 2 * MINUTE)
    assert await lifts(store) == {row: again}
    await store.save(seal("a", 3), [], replaces=2, forget_before=T0 + 3 * MINUTE)
    assert await lifts(store) == {row: again}


async def test_two_lifts_of_one_identity_in_one_save_leave_the_last(store):
    last = Lift(7, T0, T0 + 2 * MINUTE)
    await store.save(seal("a", 1), [Lift(7, T0, T0 + MINUTE), last], replaces=None, forget_before=T0)
    assert await lifts(store) == {7: last}


async def test_a_new_beginning_forgets_what_was_lifted_before(store):
    await store.save(seal("a", 1), [Lift(7, T0, T0 + MINUTE)], replaces=None, forget_before=T0)
    anew = replace(seal("a", 2), base=Base(at=T0 + MINUTE, since=T0))
    await store.save(anew, [Lift(8, T0, T0 + MINUTE)], replaces=1, forget_before=T0)
    assert set(await lifts(store)) == {8}
    await store.save(replace(anew, number=3), [], replaces=2, forget_before=T0)
    assert set(await lifts(store)) == {8}


async def test_as_much_as_a_seal_may_hold_is_kept(store):
    chosen = random.Random(3)
    seen = {chosen.randbytes(16): 1 for _ in range(50_000)}
    many = [Lift(identity, T0, T0 + MINUTE) for identity in list(seen)[:20_000]]
    full = replace(seal("a", 1), seen=seen)
    assert await store.save(full, many, replaces=None, forget_before=T0)
    assert await store.load(FEED) == full
    assert len(await lifts(store)) == len(many)


async def test_of_many_savers_in_one_process_one_wins(store, url):
    stores = [store, *(opened(url) for _ in range(5))]
    saves = [one.save(seal(str(n), 1), [], replaces=None, forget_before=T0) for n, one in enumerate(stores)]
    won = await asyncio.gather(*saves)
    assert sum(won) == 1
    assert await store.load(FEED) == seal(str(won.index(True)), 1)
    await asyncio.gather(*(one.close() for one in stores[1:]))


async def test_a_caller_who_goes_away_leaves_the_store_usable(store):
    for number in range(1, 20):
        saving = asyncio.create_task(store.save(seal("a", number), [], replaces=number - 1, forget_before=T0))
        await asyncio.sleep(number / 2000)
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)
    found = await store.load(FEED)
    assert await store.save(seal("b", 50), [], replaces=found and found.number, forget_before=T0)


async def test_a_closed_store_says_so(store):
    await store.close()
    with pytest.raises(StateError, match="closed"):
        await store.load(FEED)


def test_servers_that_start_at_once_find_one_store(url):
    with ThreadPoolExecutor(8) as threads:
        for store in threads.map(opened, [url] * 8):
            asyncio.run(store.close())


def process(url, name, last):
    words = [sys.executable, "-m", "support.saving", url, name, str(last)]
    folder = Path(__file__).parents[2]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)


async def test_of_two_processes_exactly_one_wins_each_number(url):
    processes = {name: process(url, name, 150) for name in ("a", "b")}
    won = {}
    for name, running in processes.items():
        told, complaints = await asyncio.to_thread(running.communicate, timeout=60)
        assert not running.returncode, complaints
        won[name] = [int(line) for line in told.split()]
    assert sorted(won["a"] + won["b"]) == list(range(1, 151))
    assert won["a"]
    assert won["b"]
    store = opened(url)
    assert set(await lifts(store)) == {digest(name, number) for name, numbers in won.items() for number in numbers}
    await store.close()


async def test_a_process_that_is_killed_has_lost_nothing_that_it_said_was_kept(url):
    kept = 0
    for _ in range(3):
        running = process(url, "a", 100_000)
        for _ in range(40):
            kept = int(await asyncio.to_thread(running.stdout.readline))
        running.send_signal(signal.SIGKILL)
        # Not by `communicate` alone, which passes over what `readline` has read ahead.
        said = (await asyncio.to_thread(running.stdout.read)).split("\n")[:-1]
        await asyncio.to_thread(running.communicate)
        kept = int(said[-1]) if said else kept
        store = opened(url)
        found = await store.load(FEED)
        assert found in (seal("a", kept), seal("a", kept + 1))
        assert set(await lifts(store)) == {digest("a", number) for number in range(1, found.number + 1)}
        await store.close()


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "seals.sqlite"

    @pytest.fixture
    async def store(self, path):
        store = opened(f"sqlite:///{path}")
        yield store
        await store.close()

    def refused(self, path):
        with pytest.raises(StateError) as caught:
            opened(f"sqlite:///{path}")
        message = str(caught.value)
        assert message.startswith(f"serve.state: '{path}'")
        assert "\n" not in message
        return message

    def test_another_database_is_refused_and_left_alone(self, path):
        with closing(sqlite3.connect(path)) as other:
            other.execute("create table players (id)")
        before = path.read_bytes()
        assert "name a file of its own" in self.refused(path)
        assert path.read_bytes() == before

    def test_what_is_no_database_is_refused(self, path):
        path.write_text("not a database " * 100)
        assert "name a file of its own" in self.refused(path)

    def test_a_missing_folder_is_told(self, path):
        assert "the folder must be there" in self.refused(path.parent / "none" / "seals.sqlite")

    @pytest.mark.usefixtures("store")
    async def test_a_file_of_a_later_version_is_refused(self, path):
        with closing(sqlite3.connect(path)) as later:
            later.execute("pragma user_version = 2")
        assert "later version of halfopen" in self.refused(path)

    async def test_a_seal_waits_for_the_disk(self, store):
        """Nothing here can cut the power: what SQLite promises under it hangs on these two."""

        def settings(connection):
            return [connection.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

        assert await store._run(settings) == ["wal", 2]

    async def test_a_person_can_read_it(self, store, path):
        await store.save(seal("a", 1), [Lift(digest("a", 1), T0, T0 + MINUTE)], replaces=None, forget_before=T0)
        with closing(sqlite3.connect(path)) as person:
            rows = person.execute("select feed, datetime(horizon / 1000000, 'unixepoch'), system from seals")
            assert rows.fetchall() == [(FEED, "2026-03-01 12:01:00", "7001/1")]
            assert person.execute("select identity from lifts").fetchall() == [(digest("a", 1).hex(),)]

    async def test_a_file_that_was_deleted_is_a_new_store_for_all(self, store, path):
        await store.save(seal("a", 1), [], replaces=None, forget_before=T0)
        path.unlink()
        assert await store.load(FEED) is None
        assert await store.save(seal("b", 1), [], replaces=None, forget_before=T0)
        other = opened(f"sqlite:///{path}")
        assert await other.load(FEED) == seal("b", 1)
        await other.close()


class TestServers:
    @pytest.fixture
    async def store(self):
        ask(process_database(), "drop schema if exists halfopen cascade")
        store = opened(process_database())
        yield store
        await store.close()

    def test_a_server_that_is_not_there_is_told_without_the_password(self):
        with pytest.raises(StateError, match=r"serve\.state: 'postgresql://me:\*\*\*@127\.0\.0\.1:1/seals'") as caught:
            opened("postgresql://me:s3cret@127.0.0.1:1/seals")
        assert "s3cret" not in str(caught.value)

    @pytest.mark.usefixtures("store")
    async def test_tables_of_a_later_version_are_refused(self):
        ask(process_database(), "update halfopen.seal_version set version = 2")
        with pytest.raises(StateError, match="later version of halfopen"):
            opened(process_database())

    async def test_tables_that_are_gone_are_told(self, store):
        ask(process_database(), "drop table halfopen.lifts")
        with pytest.raises(StateError, match=r"serve\.state: .*lifts"):
            await store.save(seal("a", 1), [], replaces=None, forget_before=T0)
        assert await store.load(FEED) is None

    @pytest.mark.usefixtures("store")
    async def test_who_may_only_use_the_schema_finds_it(self):
        ask(
            process_database(),
            "drop role if exists halfopen_seals; create role halfopen_seals login; "
            "grant usage on schema halfopen to halfopen_seals; "
            "grant select, insert, update, delete on all tables in schema halfopen to halfopen_seals",
        )
        mine = opened(process_database().replace("//postgres@", "//halfopen_seals@"))
        assert await mine.save(seal("a", 1), [], replaces=None, forget_before=T0)
        await mine.close()
        ask(process_database(), "drop owned by halfopen_seals; drop role halfopen_seals")

    async def test_connections_that_the_server_ended_are_replaced(self, store):
        await asyncio.gather(*(store.load(FEED) for _ in range(4)))
        ended = ask(
            process_database(),
            # Until they are gone: one that has not heard of it yet would still begin.
            "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = current_database() "
            "and pid <> pg_backend_pid()",
        )
        assert ended
        assert await store.save(seal("a", 1), [], replaces=None, forget_before=T0)

    async def test_a_seal_waits_for_the_disk_whatever_the_database_does_else(self, store):
        ask(
            process_database(),
            "create table halfopen.told (how text); create function halfopen.tell() returns trigger language plpgsql "
            "as $$ begin insert into halfopen.told values (current_setting('synchronous_commit')); return new; end $$; "
            "create trigger tell after insert on halfopen.seals for each row execute function halfopen.tell()",
        )
        await store.save(seal("a", 1), [], replaces=None, forget_before=T0)
        assert [row["how"] for row in ask(process_database(), "select how from halfopen.told")] == ["on"]
