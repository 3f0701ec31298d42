import re
import sqlite3
import tomllib
from contextlib import closing

import pytest

from halfopen.cli.main import run
from halfopen.config.load import load
from halfopen.serve.mapping import offers
from halfopen.sources.sqlite import SqliteSource

DDL = """
create table users (
  id integer primary key, email text, created_at datetime not null, updated_at datetime not null,
  vip_level integer, lifetime_value numeric(12,2), turnover_cents integer, tags text, last_bet_at datetime,
  is_whale boolean, segment text, affiliate text,
  password_digest text, pwd text, api_token text, totp_secret text, ssn text, passport_no text, pin text,
  twoFactorKey text, otpSeed text, resetHash text, iban text, lock_version integer, updated_by text, notes text
);
insert into users values (1, 'a@b.example', '2024-01-01 00:00:00', '2024-02-01 00:00:00', 3, 12.5, 123456, 'vip, slots',
  '2024-03-01 00:00:00', true, 'gold', 'blog', 'd', 'p', 't', 's', '1', '2', '3', 'k', 'o', 'r', 'i', 1, 'me', 'n');
"""


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as connection:
        connection.executescript(DDL)
    assert run(["init", "sqlite:///x.sqlite"]) == 0
    return (tmp_path / "halfopen.toml").read_text()


def proposed(text):
    block = re.search(r"^# (\[serve\.feeds\.players\.custom\]\n(?:# \w+ = .*\n)+)", text, re.MULTILINE)
    return block[0].replace("# ", "")


def test_facts_are_proposed_with_their_kinds(text):
    custom = tomllib.loads(proposed(text))["serve"]["feeds"]["players"]["custom"]
    assert {name: field["kind"] for name, field in custom.items()} == {
        "vip_level": "integer",
        "lifetime_value": "fractional",
        "turnover": "fractional",
        "tags": "array",
        "last_bet_at": "date",
        "is_whale": "integer",
        "segment": "string",
    }
    assert "affiliate" in text.partition("[serve.feeds.players.columns]")[2].partition("[serve.feeds.contacts]")[0]


def test_they_are_switched_off(text):
    assert "custom" not in tomllib.loads(text)["serve"]["feeds"]["players"]


def test_secrets_are_none(text):
    told = proposed(text).lower()
    for secret in ("password", "pwd", "token", "totp", "ssn", "passport", "pin", "factor", "otp", "hash", "iban"):
        assert secret not in told


def test_once_switched_on_they_are_served(tmp_path, text):
    block = proposed(text)
    (tmp_path / "on.toml").write_text(text.replace("# " + block.replace("\n", "\n# ").removesuffix("# "), block))
    config = load(tmp_path / "on.toml", {"FEED_PASSWORD": "x"}).needed_serve()
    assert len(config.feeds["players"].custom) == 7
    source = SqliteSource(tmp_path / "x.sqlite", 1)
    try:
        offer = offers(config, source).offered["players"]
    finally:
        source.close()
    assert {"turnover", "tags", "is_whale"} <= set(offer.selection.names)
