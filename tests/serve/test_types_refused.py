"""What has no form on the wire is found when the server starts, on the databases that know types."""

from contextlib import closing, contextmanager

import duckdb
import pytest

from halfopen.config.load import load
from halfopen.serve.mapping import MappingError, offers
from halfopen.sources.duckdb import DuckdbSource
from halfopen.sources.mysql import MysqlSource
from halfopen.sources.postgresql import PostgresqlSource
from support import mysql, postgresql

NO_FORM = "which has no form on the wire; write an expression"
ONE = f"{NO_FORM} that makes one text or number of it"
PLAYERS = """
[serve]
database = "{url}"
late_rows = "plain"
[serve.feeds.players]
table = "users"
"""


@contextmanager
def postgresql_users(_):
    with postgresql.database() as url:
        postgresql.ask(
            url,
            """create type place as (street text, number int);
            create domain picture as bytea;
            create table users (id uuid, registered_at timestamptz, modified_at timestamptz, pic picture, home place,
              faces bytea[], tags text[])""",
        )
        yield url, PostgresqlSource(url, 1)


@contextmanager
def mysql_users(_):
    with mysql.database() as url:
        mysql.ask(
            url,
            "create table users (id char(36), registered_at datetime, modified_at timestamp, pic mediumblob,"
            " code binary(16), home point, tags text, level enum('a', 'b') character set binary)",
        )
        yield url, MysqlSource(url, 1)


@contextmanager
def duckdb_users(folder):
    path = folder / "users.duckdb"
    with closing(duckdb.connect(path)) as connection:
        connection.execute(
            "create table users (id uuid, registered_at timestamptz, modified_at timestamp, pic blob, faces blob[],"
            " home struct(street varchar), tags varchar[])"
        )
    yield f"duckdb:///{path}", DuckdbSource(path, 1)


REFUSED = {
    postgresql_users: (
        """columns = { city = "pic", ip = "home", first_name = "row(1)", last_name = "encode(pic, 'hex')" }
custom = { faces = { kind = "array", column = "faces" }, tags = { kind = "array", column = "tags" } }
""",
        [
            f'serve.feeds.players.columns.city: "pic" is bytea, {NO_FORM} like encode("pic", \'hex\')',
            f"serve.feeds.players.columns.first_name: (row(1)) is record, {ONE}",
            f'serve.feeds.players.columns.ip: "home" is place, {ONE}',
            f'serve.feeds.players.custom.faces: "faces" is bytea[], {ONE}',
        ],
    ),
    mysql_users: (
        """columns = { city = "pic", ip = "home", last_name = "hex(pic)" }
custom = { code = { kind = "string", column = "code" }, level = { kind = "string", column = "level" } }
""",
        [
            f"serve.feeds.players.columns.city: `pic` is binary, {NO_FORM} like hex(`pic`) or bin_to_uuid(`pic`)",
            f"serve.feeds.players.columns.ip: `home` is binary, {NO_FORM} like hex(`home`) or bin_to_uuid(`home`)",
            f"serve.feeds.players.custom.code: `code` is binary, {NO_FORM} like hex(`code`) or bin_to_uuid(`code`)",
        ],
    ),
    duckdb_users: (
        """columns = { city = "pic", ip = "home", first_name = "pic || pic", last_name = "hex(pic)" }
custom = { faces = { kind = "array", column = "faces" }, tags = { kind = "array", column = "tags" } }
""",
        [
            f'serve.feeds.players.columns.city: "pic" is blob, {NO_FORM} like hex("pic")',
            f"serve.feeds.players.columns.first_name: (pic || pic) is blob, {NO_FORM} like hex((pic || pic))",
            f'serve.feeds.players.custom.faces: "faces" is blob[], {NO_FORM} that makes a list of texts of it',
        ],
    ),
}


@pytest.mark.parametrize("users", REFUSED, ids=lambda users: users.__name__.removesuffix("_users"))
def test_types_that_cannot_be_served_are_named_with_what_to_write(tmp_path, users):
    mapping, mistakes = REFUSED[users]
    with users(tmp_path) as (url, source):
        path = tmp_path / "halfopen.toml"
        path.write_text(PLAYERS.format(url=url) + mapping, encoding="utf-8")
        with pytest.raises(MappingError) as caught:
            offers(load(path, {}).needed_serve(), source)
        source.close()
    assert sorted(caught.value.mistakes) == mistakes
