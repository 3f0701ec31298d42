"""The life of connections: cancelled with whoever asked, bounded, and back by themselves after a restart."""

import asyncio
import contextlib
from datetime import timedelta

import pymysql
import pytest

from halfopen.contract.model import Kind
from halfopen.errors import ConfigError, SourceError
from halfopen.sources.base import Busy, Column, Selection, Unavailable
from halfopen.sources.mysql import MysqlSource
from halfopen.sources.mysql import source as module
from halfopen.sources.opening import open_source
from halfopen.wire.negotiate import Format
from support.mysql import ask, database, process_database, server, server_url

DIGITS = "(" + " union all ".join(f"select {n} as d" for n in range(10)) + ")"
SLOW = "(select 'x' as x, sleep(60) as y) as slow"
ENDLESS = "(select repeat('x', 1000) as x from " + ", ".join(f"{DIGITS} as d{n}" for n in range(12)) + ") as endless"
# Those of the database of this process: other tests use the same server.
IN_TRANSACTION = (
    "select count(*) from information_schema.processlist where db = database() and id <> connection_id()"
    " and id in (select trx_mysql_thread_id from information_schema.innodb_trx)"
)
ONE = "(select 'x' as x) as one"


def selection(relation: str, sql: str = "x") -> Selection:
    return Selection(feed="f", relation=relation, columns=(Column(name="x", kind=Kind.STRING, sql=sql),))


async def read(source, chosen: Selection) -> bytes:
    async with source.stream(chosen, None, Format.CSV) as stream:
        return b"".join([block async for block in stream])


async def sessions(words: str) -> int:
    """Of the server's, told by what they run; ours are those on the database of this process."""
    sql = "select count(*) from information_schema.processlist where info like %s and id <> connection_id()"
    rows = await asyncio.to_thread(ask, process_database(), sql, values=[(f"select concat(%{words}%",)])
    return rows[0][0]


async def until_some(words: str, running: asyncio.Task) -> None:
    while not await sessions(words):
        assert not running.done(), running.exception()
        await asyncio.sleep(0.02)


async def until_none(words: str, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while await sessions(words):
        assert loop.time() < end, f"{words} still runs after {seconds} s"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("relation", "sql", "words"),
    [(SLOW, "concat(x, y)", "sleep(60)"), (ENDLESS, "x", "repeat")],
    ids=["while none comes", "while rows come"],
)
async def test_a_query_ends_within_a_second_of_its_reader(relation, sql, words):
    source = MysqlSource(process_database(), 2)

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
    source = MysqlSource(process_database(), 1)
    await read(source, selection(ONE))
    assert ask(process_database(), IN_TRANSACTION)[0][0] == 0
    source.close()


async def test_sessions_are_read_only_in_utc_and_end_too_long_queries():
    source = MysqlSource(process_database(), 1, timedelta(seconds=7))
    names = ("time_zone", "character_set_results", "sql_select_limit")
    told = source._ask("select " + ", ".join(f"@@{name}" for name in names))[0]
    assert told == ("+00:00", "utf8mb4", 18446744073709551615)
    with source._connections.transaction() as connection:
        limit = "@@max_statement_time * 1000" if connection.is_mariadb else "@@max_execution_time"
        assert int(connection.fetch(f"select {limit}")[0][0]) == 84_000
    with pytest.raises(SourceError, match="READ ONLY"):
        source._ask("create table nothing (x int)")
    source.close()


@pytest.mark.parametrize(
    "mode", ["ANSI", "NO_BACKSLASH_ESCAPES", "ORACLE", "TRADITIONAL", "PAD_CHAR_TO_FULL_LENGTH", ""]
)
async def test_the_sql_mode_of_the_server_does_not_matter(mode):
    before = ask(server_url(), "select @@global.sql_mode")[0][0]
    if mode == "ORACLE" and "MariaDB" not in ask(server_url(), "select version()")[0][0]:
        pytest.skip("a mode of MariaDB's")
    made = "create table m (x char(9), t datetime(6), n text)"
    ask(process_database(), "drop table if exists m", made, "insert into m values ('it''s \\\\ \\\"', now(6), ' 1e2')")
    ask(server_url(), f"set global sql_mode = '{mode}'")
    source = MysqlSource(process_database(), 1)
    columns = (
        Column(name="x", kind=Kind.STRING, sql="`x`"),
        Column(name="n", kind=Kind.DECIMAL, sql="`n`"),
        Column(name="q", kind=Kind.STRING, sql="'it''s'"),
    )
    try:
        chosen = Selection(feed="f", relation="m", columns=columns, zone="Europe/Riga")
        assert await read(source, chosen) == b'"it\'s \\ """,100,"it\'s"\r\n'
    finally:
        ask(server_url(), f"set global sql_mode = '{before}'")
        source.close()


async def test_whoever_finds_no_connection_free_is_told_to_come_again(monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.2)
    source = MysqlSource(process_database(), 1)
    async with source.stream(selection(ENDLESS), None, Format.CSV) as stream:
        await anext(aiter(stream))
        with pytest.raises(Busy, match=r"taken for 0\.2 s"):
            await read(source, selection(ONE))
    assert await read(source, selection(ONE)) == b'"x"\r\n'
    source.close()


async def test_a_reader_that_waits_holds_the_database_back():
    """Memory stays flat: what is not taken is not read."""
    source = MysqlSource(process_database(), 1)
    async with source.stream(selection(ENDLESS), None, Format.CSV) as stream:
        blocks = aiter(stream)
        await anext(blocks)
        await asyncio.sleep(0.5)
        assert len(stream.handover._blocks) <= 4
        assert max([len(await anext(blocks)) for _ in range(20)]) < 200_000
    source.close()


@pytest.mark.skipif("server() is None", reason="a server that the environment names is not ours to restart")
async def test_after_a_restart_answers_come_again_by_themselves():
    ours = server()
    source = MysqlSource(process_database(), 3)
    one = selection(ONE)
    await asyncio.gather(*[read(source, one) for _ in range(3)])
    running = asyncio.create_task(read(source, selection(SLOW, "concat(x, y)")))
    await until_some("sleep(60)", running)
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
    assert await asyncio.gather(*[read(source, one) for _ in range(5)]) == [b'"x"\r\n'] * 5
    await source.ping()
    source.close()


@pytest.mark.skipif("server() is None", reason="a server that the environment names is not ours to restart")
async def test_connections_that_a_restart_closed_are_replaced_unnoticed():
    ours = server()
    source = MysqlSource(process_database(), 2)
    one = selection(ONE)
    await asyncio.gather(*[read(source, one) for _ in range(2)])
    ours.stop()
    ours.start()
    assert await asyncio.gather(*[read(source, one) for _ in range(2)]) == [b'"x"\r\n'] * 2
    source.close()


async def test_closing_ends_what_runs():
    source = MysqlSource(process_database(), 1)
    running = asyncio.create_task(read(source, selection(SLOW, "concat(x, y)")))
    await until_some("sleep(60)", running)
    source.close()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError, SourceError, Exception):
        await running
    await until_none("sleep(60)", 1)


def test_a_secret_is_never_shown():
    url = "mysql://u:hunter2@127.0.0.1:1/d"
    with pytest.raises(ConfigError) as caught:
        open_source(
            "mysql", None, url=url, shown="mysql://u:***@127.0.0.1:1/d", connections=1, timeout=timedelta(seconds=5)
        )
    assert "mysql://u:***@127.0.0.1:1/d" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_option_that_nobody_knows_is_named():
    with pytest.raises(SourceError, match=r"unknown option 'sslmode'.*ssl_ca"):
        MysqlSource("mysql://u@127.0.0.1/d?sslmode=require")


def test_names_are_found_whatever_their_case_and_database():
    with database() as url, database() as other:
        ask(url, "create table `Players` (`Id` int, `we``ird` text)")
        ask(other, "create table bets (id int)")
        back = other.rsplit("/", 1)[1]
        source = MysqlSource(url, 1)
        assert list(source.tables())[:1] == ["Players"]
        assert f"{back}.bets" in source.tables()
        assert source.relation("players", None) == source.relation("`Players`", None) == "`Players`"
        assert source.relation(f"{back}.BETS", None) == f"`{back}`.`bets`"
        assert list(source.columns("`Players`")) == ["Id", "we`ird"]
        assert source.quote("we`ird") == "`we``ird`"
        source.close()


def test_a_password_of_any_letters_signs_in():
    name = "halfopen_reader"
    made = f"create user '{name}'@'%%' identified by %s"
    secret = "pä:s/s@w ö?rd"
    ask(server_url(), f"drop user if exists '{name}'@'%'")
    with contextlib.suppress(pymysql.MySQLError):
        ask(server_url(), made, values=[(secret,)])
    ask(server_url(), f"grant select on *.* to '{name}'@'%'")
    host = process_database().rpartition("@")[2]
    source = MysqlSource(f"mysql://{name}:p%C3%A4%3As%2Fs%40w%20%C3%B6%3Frd@{host}", 1)
    assert source._ask("select 1") == ((1,),)
    source.close()
    ask(server_url(), f"drop user '{name}'@'%'")
