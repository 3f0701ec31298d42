"""The command as people run it: what it writes loads, passes --check-config and is served."""

import asyncio
import re
import sqlite3
from contextlib import closing

import pytest

from halfopen.cli.main import run
from halfopen.config.load import load
from halfopen.contract.load import feeds
from support import postgresql, schemas
from support.serving import SIGNED_IN, served

ENVIRON = {"FEED_PASSWORD": "s3cret"}
ALL = "?from=1970-01-01%2000:00:00&to=2030-01-01%2000:00:00"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEED_PASSWORD", "s3cret")
    return tmp_path


OTHERS = [
    ("postgresql", "microservice"),
    ("postgresql", "symfony"),
    ("mysql", "codeigniter"),
    ("mysql", "symfony"),
    ("duckdb", "whitelabel"),
    ("duckdb", "nestjs"),
]


@pytest.mark.parametrize(("engine", "name"), [*(("sqlite", name) for name in schemas.of("sqlite")), *OTHERS])
async def test_what_is_written_passes_the_check_and_is_served(here, engine, name, capfd):
    with schemas.database(engine, here, name) as url:
        assert run(["init", url]) == 0
        checked = await asyncio.to_thread(run, ["serve", "--check-config"])
        assert checked == 0, capfd.readouterr().err
        settings = load(here / "halfopen.toml", ENVIRON).needed_serve()
        key = schemas.Key.read(name)
        async with served(settings) as (server, client):
            for feed in server.offers.offered.values():
                answer = await client.get(feed.feed.path + ALL, headers=SIGNED_IN)
                body = await answer.text()
                assert answer.status == 200
                assert body.count("\r\n") > 1, feed.feed.name
            assert set(server.offers.offered) <= set(key.feeds)
            left = set(key.feeds) - set(server.offers.offered)
            assert all(settings.feeds[feed].todo or not settings.feeds[feed].offered for feed in left)


def test_the_file_is_named_relative_to_its_folder(here):
    schemas.sqlite_file(here, "rails")
    assert run(["init", "sqlite:///rails.sqlite"]) == 0
    assert 'database = "sqlite:///rails.sqlite"' in (here / "halfopen.toml").read_text()
    settings = load(here / "halfopen.toml", ENVIRON).needed_serve()
    assert settings.source.path == here / "rails.sqlite"


@pytest.mark.parametrize("name", schemas.of("sqlite"))
def test_nothing_of_a_person_is_written(here, name):
    schemas.sqlite_file(here, name)
    run(["init", f"sqlite:///{name}.sqlite"])
    text = (here / "halfopen.toml").read_text()
    for personal in ("@mail.example", "+37", "+44", "10.1.0", "10.2.0", "Mozilla", "Anna", "Hugo", "tok1", "auto-1"):
        assert personal not in text


def test_every_mapped_field_says_why(here):
    schemas.sqlite_file(here, "rails")
    run(["init", "sqlite:///rails.sqlite"])
    text = (here / "halfopen.toml").read_text()
    columns = re.findall(r"^\[serve\.feeds\.\w+\.columns\]\n((?:.+\n)+)", text, re.MULTILINE)
    lines = [line for block in columns for line in block.splitlines() if not line.startswith("#")]
    assert lines
    assert all(re.fullmatch(r'\w+ = ".*"  # .+', line) for line in lines), lines


def test_what_was_not_found_is_said(here, capfd):
    schemas.sqlite_file(here, "prisma")
    run(["init", "sqlite:///prisma.sqlite"])
    text = (here / "halfopen.toml").read_text()
    mapping = load(here / "halfopen.toml", ENVIRON).needed_serve().feeds
    assert mapping["sports_events"].todo == ("type",)
    assert not mapping["auto_logins"].offered
    assert "Nothing was found" in text
    assert "TO DO, not offered until mapped: type" in capfd.readouterr().out


def test_a_file_that_is_there_stays(here, capfd):
    schemas.sqlite_file(here, "rails")
    (here / "halfopen.toml").write_text("mine")
    assert run(["init", "sqlite:///rails.sqlite"]) == 2
    assert (here / "halfopen.toml").read_text() == "mine"
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "--out" in error
    assert run(["init", "sqlite:///rails.sqlite", "--out", "other.toml"]) == 0
    assert (here / "other.toml").exists()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite:///none.sqlite", 2),
        ("mongodb://host/x", 2),
        ("duckdb:///x.duckdb", 2),
        ("mysql://root@127.0.0.1:1/x", 3),
        ("postgresql://root@127.0.0.1:1/x", 3),
    ],
)
def test_a_database_that_cannot_be_read_is_one_line(here, capfd, url, code):
    assert run(["init", url]) == code
    assert capfd.readouterr().err.count("\n") == 1
    assert not (here / "halfopen.toml").exists()


def test_an_empty_database_is_said(here, capfd):
    with closing(sqlite3.connect(here / "empty.sqlite")) as connection:
        connection.execute("create table t (id)")
        connection.execute("drop table t")
        connection.commit()
    assert run(["init", "sqlite:///empty.sqlite"]) == 2
    assert "no table" in capfd.readouterr().err


def test_tables_that_mean_nothing_offer_nothing(here):
    with closing(sqlite3.connect(here / "odd.sqlite")) as connection:
        connection.execute("create table weather (id integer primary key, celsius real, measured_at text)")
        connection.commit()
    assert run(["init", "sqlite:///odd.sqlite"]) == 0
    mapping = load(here / "halfopen.toml", ENVIRON).needed_serve().feeds
    assert not any(feed.offered for feed in mapping.values())
    assert set(mapping) == set(feeds())


def test_the_same_schema_gives_the_same_file(here):
    schemas.sqlite_file(here, "typeorm")
    for out in ("a.toml", "b.toml"):
        run(["init", "sqlite:///typeorm.sqlite", "--out", out])
    assert (here / "a.toml").read_bytes() == (here / "b.toml").read_bytes()


def test_the_password_of_the_database_is_left_to_the_environment(here, monkeypatch, capfd):
    with postgresql.database() as url:
        postgresql.ask(url, "create table users (id int primary key, created_at timestamp, updated_at timestamp)")
        postgresql.ask(url, "create role halfopen_reader login password 's3:cr/et' in role pg_read_all_data")
        try:
            address = re.sub(r"//[^@/]*@", "//halfopen_reader:s3%3Acr%2Fet@", url)
            assert run(["init", address]) == 0
        finally:
            postgresql.ask(url, "drop role halfopen_reader")
    text = (here / "halfopen.toml").read_text()
    out = capfd.readouterr().out
    assert "s3%3Acr" not in text + out
    assert "halfopen_reader:${DATABASE_PASSWORD}@" in text
    settings = load(here / "halfopen.toml", {**ENVIRON, "DATABASE_PASSWORD": "s3%3Acr%2Fet"}).needed_serve()
    assert settings.database == address
