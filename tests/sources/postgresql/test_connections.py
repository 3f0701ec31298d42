"""The life of connections: cancelled with whoever asked, bounded, and back by themselves after a restart."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from halfopen.contract.model import Kind
from halfopen.errors import ConfigError, SourceError
from halfopen.sources.base import Busy, Column, Selection, Unavailable
from halfopen.sources.opening import open_source
from halfopen.sources.postgresql import PostgresqlSource, pool
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.postgresql import ask, database, process_database, server

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
SLOW = "(select 'x' as x, pg_sleep(60) as y) as slow"
ENDLESS = "(select repeat('x', 1000) as x from generate_series(1, 100000000)) as endless"


def selection(relation: str, sql: str = "x") -> Selection:
    return Selection(feed="f", relation=relation, columns=(Column(name="x", kind=Kind.STRING, sql=sql),))


async def read(source, chosen: Selection, window: Window | None = None) -> bytes:
    async with source.stream(chosen, window, Format.CSV) as stream:
        return b"".join([block async for block in stream])


async def backends(words: str, name: str = "halfopen") -> int:
    sql = "select count(*) from pg_stat_activity where application_name = $1 and query ilike $2"
    rows = await asyncio.to_thread(ask, process_database(), sql, name, f"%{words}%")
    return rows[0][0]


async def until_some(words: str, running: asyncio.Task) -> None:
    while not await backends(words):
        assert not running.done(), running.exception()
        await asyncio.sleep(0.02)


async def until_none(words: str, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while await backends(words):
        assert loop.time() < end, f"{words} still runs after {seconds} s"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("relation", "sql", "words"),
    [(SLOW, "x || y::text", "copy%pg_sleep(60)"), (ENDLESS, "x", "copy%generate_series")],
    ids=["while none comes", "while rows come"],
)
async def test_a_query_ends_within_a_second_of_its_reader(relation, sql, words):
    source = PostgresqlSource(process_database(), 2)

    async def take() -> None:
        async with source.stream(selection(relation, sql), None, Format.CSV) as stream:
            async for _ in stream:
                await asyncio.sleep(0)

    reader = asyncio.create_task(take())
    await until_some(words, reader)
    reader.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reader
    await until_none(words, 1)
    source.close()


async def test_a_transaction_ends_with_its_answer():
    source = PostgresqlSource(process_database(), 1)
    await read(source, selection("(select 'x' as x) as one"))
    rows = await asyncio.to_thread(
        ask, process_database(), "select count(*) from pg_stat_activity where state like 'idle in transaction%'"
    )
    assert rows[0][0] == 0
    source.close()


async def test_settings_are_those_of_one_transaction():
    """A pooler hands the connection to others afterwards: nothing of ours may stay in it."""
    source = PostgresqlSource(process_database(), 1, timedelta(seconds=7))
    told = "current_setting('{}')"
    names = ("timezone", "transaction_isolation", "transaction_read_only", "application_name", "statement_timeout")
    sql = " || '|' || ".join(told.format(name) for name in names)
    inside = await read(source, selection("(select 1 as one) as one", sql))
    assert inside == b"UTC|repeatable read|on|halfopen|84s\r\n"
    async with source._pool.transaction() as connection:
        await connection.execute("rollback")
        after = await connection.fetch(f"select {sql} as x, count(*) as n from pg_prepared_statements")
        assert after[0]["x"] != inside.decode().strip()
        assert "halfopen" not in after[0]["x"]
        assert after[0]["n"] <= 1
    source.close()


async def test_whoever_finds_no_connection_free_is_told_to_come_again(monkeypatch):
    monkeypatch.setattr(pool, "WAIT_SECONDS", 0.2)
    source = PostgresqlSource(process_database(), 1)
    async with source.stream(selection(ENDLESS), None, Format.CSV) as stream:
        await anext(aiter(stream))
        with pytest.raises(Busy, match=r"taken for 0\.2 s"):
            await read(source, selection("(select 'x' as x) as one"))
    assert await read(source, selection("(select 'x' as x) as one")) == b"x\r\n"
    source.close()


async def test_many_readers_use_no_more_connections_than_allowed():
    source = PostgresqlSource(process_database(), 3)
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, await backends(""))
            await asyncio.sleep(0.01)

    watcher = asyncio.create_task(watch())
    chosen = selection("(select 'x' as x from generate_series(1, 20000)) as few")
    bodies = await asyncio.gather(*[read(source, chosen) for _ in range(30)])
    watcher.cancel()
    assert {len(body) for body in bodies} == {60_000}
    assert most <= 3
    source.close()


async def test_a_reader_that_waits_holds_the_database_back():
    """Memory stays flat: what is not taken is not read."""
    source = PostgresqlSource(process_database(), 1)
    async with source.stream(selection(ENDLESS), None, Format.CSV) as stream:
        blocks = aiter(stream)
        await anext(blocks)
        await asyncio.sleep(0.5)
        assert len(stream._blocks) <= 2
        assert max([len(await anext(blocks)) for _ in range(20)]) < 1_000_000
    source.close()


@pytest.mark.skipif("server() is None", reason="a server that the environment names is not ours to restart")
async def test_after_a_restart_answers_come_again_by_themselves():
    ours = server()
    source = PostgresqlSource(process_database(), 3)
    one = selection("(select 'x' as x) as one")
    await asyncio.gather(*[read(source, one) for _ in range(3)])
    running = asyncio.create_task(read(source, selection(SLOW, "x || y::text")))
    await until_some("copy%pg_sleep(60)", running)
    await asyncio.to_thread(ours.stop)
    try:
        with pytest.raises(Unavailable):
            await running
        for _ in range(4):
            with pytest.raises(Unavailable):
                await read(source, one)
        with pytest.raises(Unavailable):
            await source.ping()
    finally:
        await asyncio.to_thread(ours.start)
    assert await asyncio.gather(*[read(source, one) for _ in range(5)]) == [b"x\r\n"] * 5
    await source.ping()
    source.close()


@pytest.mark.skipif("server() is None", reason="a server that the environment names is not ours to restart")
async def test_connections_that_a_restart_closed_are_replaced_unnoticed():
    ours = server()
    source = PostgresqlSource(process_database(), 2)
    one = selection("(select 'x' as x) as one")
    await asyncio.gather(*[read(source, one) for _ in range(2)])
    assert source.tables() is not None
    ours.stop()
    ours.start()
    # The event loop has not run meanwhile, so that nothing has noticed the closed sockets yet.
    assert await asyncio.gather(*[read(source, one) for _ in range(2)]) == [b"x\r\n"] * 2
    assert source.tables() is not None
    source.close()


async def test_a_column_whose_type_was_changed_is_looked_at_again():
    ask(
        process_database(),
        "drop table if exists changed; create table changed (x timestamp); insert into changed values (now())",
    )
    source = PostgresqlSource(process_database(), 1)
    chosen = Selection(
        feed="f", relation="changed", columns=(Column(name="x", kind=Kind.DATETIME, sql="x"),), cursor="x"
    )
    await read(source, chosen)
    ask(process_database(), "alter table changed alter column x type text using '2024-01-01T12:00:00.9Z'")
    with pytest.raises(SourceError):
        await read(source, chosen)
    assert await read(source, chosen) == b"2024-01-01 12:00:00\r\n"
    source.close()


def test_a_secret_is_never_shown():
    url = "postgresql://u:hunter2@127.0.0.1:1/d"
    with pytest.raises(ConfigError) as caught:
        open_source(
            "postgresql",
            None,
            url=url,
            shown="postgresql://u:***@127.0.0.1:1/d",
            connections=1,
            timeout=timedelta(seconds=5),
        )
    assert "postgresql://u:***@127.0.0.1:1/d" in str(caught.value)
    assert "Connect call failed" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_errors_are_one_line_without_values_of_rows():
    source = PostgresqlSource(process_database(), 1)
    with pytest.raises(SourceError) as caught:
        await read(source, selection("(select '{broken secret' as x) as one", "(x::json)::text"))
    assert str(caught.value) == "invalid input syntax for type json"
    source.close()


def test_names_are_found_whatever_their_case_and_schema():
    with database() as url:
        ask(
            url,
            'create table "Players" ("Id" int, "we""ird" text); create schema back; create table back.bets (id int)',
        )
        ask(url, "create materialized view back.sums as select 1 as n")
        source = PostgresqlSource(url, 1)
        assert list(source.tables()) == ["Players", "back.bets", "back.sums"]
        assert source.relation("players", None) == source.relation('"Players"', None) == '"public"."Players"'
        assert source.relation("back.bets", None) == source.relation("BACK.Bets", None) == '"back"."bets"'
        assert list(source.columns('"Players"')) == ["Id", 'we"ird']
        assert source.quote('we"ird') == '"we""ird"'
        source.close()


@pytest.mark.parametrize("format_", Format)
async def test_a_database_without_an_encoding_still_answers_in_utf_8(format_):
    with database("encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'") as url:
        ask(url, r"create table t (x bytea); insert into t values ('\xff410a'), ('\xc5ab')")
        source = PostgresqlSource(url, 1)
        async with source.stream(selection("t", "convert_from(x, 'SQL_ASCII')"), None, format_) as stream:
            body = b"".join([block async for block in stream])
        source.close()
    assert "\ufffdA" in body.decode()
    assert "ū" in body.decode()


async def test_a_latin_database_answers_in_utf_8():
    with database("encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'") as url:
        source = PostgresqlSource(url, 1)
        assert await read(source, selection("(select chr(233) as x) as one")) == "é\r\n".encode()
        source.close()
