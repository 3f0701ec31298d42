"""What has no form on the wire is found when the server starts, on the databases that know types."""

import pytest

from halfopen.config.load import load
from halfopen.serve.mapping import MappingError, offers
from halfopen.sources.postgresql import PostgresqlSource
from support.postgresql import ask, database

CONFIG = """
[serve]
database = "{url}"
[serve.feeds.players]
table = "users"
columns = {{ city = "pic", ip = "home", first_name = "row(id, 1)", last_name = "encode(pic, 'hex')" }}
custom = {{ faces = {{ kind = "array", column = "faces" }}, tags = {{ kind = "array", column = "tags" }} }}
"""
TABLE = """
create type place as (street text, number int);
create domain picture as bytea;
create table users (id uuid, registered_at timestamptz, modified_at timestamptz, pic picture, home place,
  faces bytea[], tags text[])
"""


def test_types_that_cannot_be_served_are_named_with_what_to_write(tmp_path):
    with database() as url:
        ask(url, TABLE)
        path = tmp_path / "halfopen.toml"
        path.write_text(CONFIG.format(url=url), encoding="utf-8")
        source = PostgresqlSource(url, 1)
        with pytest.raises(MappingError) as caught:
            offers(load(path, {}).needed_serve(), source)
        source.close()
    end = "which has no form on the wire; write an expression"
    assert sorted(caught.value.mistakes) == [
        f'serve.feeds.players.columns.city: "pic" is bytea, {end} like encode("pic", \'hex\')',
        f"serve.feeds.players.columns.first_name: (row(id, 1)) is record, {end} that makes one text or number of it",
        f'serve.feeds.players.columns.ip: "home" is place, {end} that makes one text or number of it',
        f'serve.feeds.players.custom.faces: "faces" is bytea[], {end} that makes one text or number of it',
    ]
