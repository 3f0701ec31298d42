"""One promise of all schema readers: the same schema is told the same way, whatever the engine calls its parts."""

import asyncio
import sqlite3
from contextlib import closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from halfopen.errors import HalfopenError
from halfopen.sources.schema import Family, checked_values, read_schema
from support import mysql, postgresql

TABLES = """
create table clubs (id integer primary key, name varchar(40) not null unique);
create table people (
  id bigint primary key,
  club_id integer references clubs(id),
  nick varchar(20) not null,
  level varchar(10) check (level in ('low', 'high')),
  score numeric(10,2) not null,
  is_fine boolean not null,
  born date,
  made timestamp not null,
  unique (club_id, nick)
);
create index by_made on people (made);
create view shown as select id, nick from people;
insert into clubs values (1, 'Riga');
insert into people values (7, 1, 'ann', 'low', 1.50, true, '2000-01-02', '2024-05-01 10:00:00'),
  (8, null, 'bob', 'high', -2.25, false, null, '2024-05-02 10:00:00');
"""
SQLITE = TABLES.replace("  level varchar(10)", "  -- next: a code\n  level varchar(10)").replace(
    "is_fine boolean not null,", "is_fine boolean not null, -- 1=yes, 0=no"
)
COMMENTED = "alter table people modify is_fine boolean not null comment '1=yes, 0=no'"
STANDARD = "comment on column people.is_fine is '1=yes, 0=no'"
ENUM = {
    "postgresql": "create type mood as enum ('sad', 'it''s ok'); create table moods (id integer primary key, m mood);",
    "mysql": "create table moods (id integer primary key, m enum('sad', 'it''s ok'))",
    "duckdb": "create type mood as enum ('sad', 'it''s ok'); create table moods (id integer primary key, m mood)",
}


@contextmanager
def made(engine: str, folder: Path):
    """The schema of a database with the tables above."""
    if engine == "sqlite":
        path = folder / "x.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(SQLITE)
        yield read_schema(engine, path, "")
    elif engine == "duckdb":
        path = folder / "x.duckdb"
        with closing(duckdb.connect(path)) as connection:
            connection.execute(f"{TABLES};{STANDARD};{ENUM[engine]}")
        yield read_schema(engine, path, "")
    elif engine == "postgresql":
        with postgresql.database() as url:
            for statement in f"{TABLES};{STANDARD};{ENUM[engine]}".split(";"):
                if statement.strip():
                    postgresql.ask(url, statement)
            yield read_schema(engine, None, url)
    else:
        with mysql.database() as url:
            mysql.ask(url, *(one for one in f"{TABLES};{COMMENTED};{ENUM[engine]}".split(";") if one.strip()))
            yield read_schema(engine, None, url)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mysql", "duckdb"])
async def test_a_schema_is_told_whole(tmp_path, engine):
    def look():
        with made(engine, tmp_path) as schema:
            return schema

    schema = await asyncio.to_thread(look)
    assert schema.engine == engine
    assert {table.name for table in schema.tables} - {"moods"} == {"clubs", "people", "shown"}
    people, clubs = schema.table("people"), schema.table("clubs")
    assert people.primary_key == ("id",)
    assert clubs.unique == (("name",),)
    assert ("club_id", "nick") in people.unique
    assert ("made",) in people.indexes
    (key,) = people.foreign_keys
    assert (key.columns, key.target, key.target_columns) == (("club_id",), "clubs", ("id",))
    assert not people.is_view
    assert schema.table("shown").is_view
    assert [column.name for column in schema.table("shown").columns] == ["id", "nick"]
    families = {column.name: column.family for column in people.columns}
    assert families == {
        "id": Family.INTEGER,
        "club_id": Family.INTEGER,
        "nick": Family.TEXT,
        "level": Family.TEXT,
        "score": Family.DECIMAL,
        "is_fine": Family.BOOLEAN,
        "born": Family.DATE,
        "made": Family.STAMP,
    }
    assert people.column("level").values == ("low", "high")
    assert "1=yes" in people.column("is_fine").comment
    assert not people.column("nick").nullable
    assert people.column("born").nullable
    assert people.column("born").null_share == 0.5
    assert set(people.column("nick").samples) == {"ann", "bob"}
    assert {Decimal(str(value)) for value in people.column("score").samples} == {Decimal("1.5"), Decimal("-2.25")}
    assert {str(value)[:19] for value in people.column("made").samples} == {
        "2024-05-01 10:00:00",
        "2024-05-02 10:00:00",
    }
    assert all(isinstance(value, str | date | datetime) for value in people.column("born").samples)
    if engine in ENUM:
        assert schema.table("moods").column("m").values == ("sad", "it's ok")
        assert schema.table("moods").column("m").family is Family.TEXT


def test_a_mysql_flag_that_holds_more_is_a_number():
    with mysql.database() as url:
        mysql.ask(
            url,
            "create table t (a tinyint(1), b tinyint(1), c bit(1), d json, e binary(16))",
            "insert into t values (1, 5, b'1', '{}', null)",
        )
        (table,) = read_schema("mysql", None, url).tables
    families = {column.name: column.family for column in table.columns}
    assert families["a"] is Family.BOOLEAN
    assert families["b"] is Family.INTEGER
    assert families["c"] is Family.BOOLEAN
    assert table.column("c").samples == (True,)
    assert families["e"] is Family.BYTES


def test_a_table_of_another_duckdb_schema_is_told_with_it(tmp_path):
    path = tmp_path / "x.duckdb"
    with closing(duckdb.connect(path)) as connection:
        connection.execute("create schema pay; create table pay.people (id integer primary key, seen timestamptz)")
        connection.execute("create table pay.bills (id integer, person integer references pay.people(id))")
        connection.execute("insert into pay.people values (1, '2024-05-01 10:00:00+00')")
    schema = read_schema("duckdb", path, "")
    assert [table.name for table in schema.tables] == ["pay.bills", "pay.people"]
    assert schema.table("pay.bills").foreign_keys[0].target == "pay.people"
    assert schema.table("pay.people").column("seen").family is Family.STAMP
    assert str(schema.table("pay.people").column("seen").samples[0]).startswith("2024-05-01")


@pytest.mark.parametrize("check", ["(`level` in ('low','high'))", "level = ANY (ARRAY['low'::text, 'high'::text])"])
def test_checks_are_read_as_engines_tell_them(check):
    assert checked_values(check) == ("level", ("low", "high"))


def test_an_engine_that_cannot_be_read_is_named():
    with pytest.raises(HalfopenError, match="mongodb"):
        read_schema("mongodb", None, "mongodb://host/x")
