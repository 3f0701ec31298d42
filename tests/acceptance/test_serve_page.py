"""The page to hand to the CRM, and what programs read of the server, over real HTTP and in a real browser."""

import asyncio
import html
import json
import os
import re
import struct
import sys
from asyncio.subprocess import PIPE, STDOUT
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import jsonschema
import pytest
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

from halfopen.config.load import load
from halfopen.contract.load import feeds
from support.chromium import chromium
from support.serving import AT, PLAYERS, SIGNED_IN, asked, configured, database, insert, player, served, text

MINUTE = timedelta(minutes=1)
NOW = AT + timedelta(seconds=70)
TOKEN = "auto-login-token-4711"
SECRET = "s3cret & 'quotes' \"too\" $HOME `x` + é"
FEEDS = """
[serve.feeds.players]
table = "players"
path = "/crm/people"
[serve.feeds.players.custom]
vip_level = { kind = "integer", column = "vip" }
ltv = { kind = "fractional", column = "vip" }
tags = { kind = "array", column = "city" }
seen = { kind = "date", column = "modified_at" }
[serve.feeds.auto_logins]
table = "tokens"
[serve.feeds.sports_tournaments]
table = "tournaments"
[serve.feeds.transactions]
todo = ["currency"]
"""


def clock() -> datetime:
    return NOW


@pytest.fixture
def folder(tmp_path):
    tokens = "player_id text, login_token text, updated_at text"
    tournaments = "id text, name text, sport text, country_code text, start_date text"
    columns = f"{PLAYERS}, first_name text, email text, vip integer"
    path = database(tmp_path, players=columns, tokens=tokens, tournaments=tournaments)
    insert(path, "players", [(*player(n, n), f"Annabel{n}", f"annabel{n}@example.com", n) for n in range(30)])
    insert(path, "tokens", [("p1", TOKEN, text(AT))])
    insert(path, "tournaments", [("t1", "Cup <b>of</b> Cups", "football", "GB", text(AT))])
    return tmp_path


async def got(client: aiohttp.ClientSession, path: str, **headers: str) -> str:
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/metrics"])
async def test_it_stands_behind_the_sign_in_of_the_feeds(folder, path):
    async with served(configured(folder, FEEDS), clock=clock) as (server, client):
        async with aiohttp.ClientSession() as stranger, stranger.get(server.url + path) as answer:
            assert answer.status == 401
            assert "basic" in answer.headers["WWW-Authenticate"].lower()
        async with client.post(path) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
        async with client.head(path) as answer:
            assert (answer.status, await answer.read()) == (200, b"")
        assert await got(client, path)


async def test_the_page_tells_everything_and_nobodys_data(folder):
    async with served(configured(folder, FEEDS), clock=clock) as (server, client):
        page = await got(client, "/")
    told = html.unescape(page)
    for word in (
        f"{server.url}/crm/people",
        "/api/users",
        "vip_level",
        "modified_at",
        "registered_at",
        "sports_tournaments",
    ):
        assert word in told, word
    assert "read -rs FEED_SECRET" in told
    assert "serve.feeds.transactions.todo names fields that are not mapped yet: currency" in told
    assert told.count("the configuration has no section") == len(feeds()) - 4
    assert "Cup <b>of</b> Cups" in told
    assert "<b>" not in page, "what the database holds is text, never markup"
    samples = re.findall(r'<pre class="sample"><code>(.*?)</code>', told, re.DOTALL)
    assert (
        samples[0].splitlines()[1] == "p…,A…,R…,2024-05-01 00:00:00,2024-05-01 00:00:00,0,0.00,R…,2024-05-01 00:00:00"
    )
    assert samples[1] == "player_id,login_token,updated_at\np…,hidden,2024-05-01 00:00:00\n"
    for secret in ("s3cret", TOKEN, "Annabel", "@example.com", "Riga"):
        assert secret not in told, secret


async def test_the_page_asks_for_nothing_and_runs_nothing(folder):
    async with served(configured(folder, FEEDS), clock=clock) as (_, client), client.get("/") as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"<script|<img|<link|<iframe|\son\w+=|\sstyle=|url\(|@import", page)


async def test_the_address_is_the_one_it_was_reached_by(folder):
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "feeds.example.com"}
    for trusted, address in (("127.0.0.1", "https://feeds.example.com"), ("10.0.0.1", "http://inner:81")):
        config = configured(folder, FEEDS, f'trusted_proxies = ["{trusted}"]')
        async with served(config, clock=clock) as (_, client):
            for path in ("/", "/openapi.json"):
                assert f"{address}/crm/people" in (await got(client, path, Host="inner:81", **told)) or path != "/"
            described = json.loads(await got(client, "/openapi.json", Host="inner:81", **told))
            assert described["servers"] == [{"url": address}]


SIGN_INS = [
    'scheme = "basic"\nuser = "crm"\npassword = {secret}',
    'scheme = "bearer"\ntoken = {plain}',
    'scheme = "bearer"\nheader = "X-Api-Key"\ntoken = {plain}',
    'scheme = "oauth2"\nclient_id = "crm"\nclient_secret = {secret}\nscope = "feeds"',
    'scheme = "login"\nuser = "c&m"\npassword = {secret}\npassword_parameter = "pass"',
    'scheme = "login"\nuser = "crm"\npassword = {secret}\ntoken_url = "/log/in"',
    'scheme = "signature"\ntemplate = "{{from}}|{{to}}$x{{path}}{{secret}}"\nsecret = {secret}',
    'scheme = "signature"\ntemplate = "{{format}}{{secret}}{{timestamp}}"\nsecret = {secret}\ntimestamp = "ts"',
    'scheme = "signature"\ntemplate = "{{to}}{{secret}}"\nsecret = {secret}\nalgorithm = "sha1"',
    'scheme = "signature"\ntemplate = "{{from}}{{to}}{{secret}}"\nsecret = {secret}\nalgorithm = "sha256"',
    'scheme = "signature"\ntemplate = "{{path}}{{from}}{{to}}"\nsecret = {secret}\nalgorithm = "hmac-sha256"',
    'scheme = "none"',
]


@pytest.mark.parametrize("words", SIGN_INS, ids=lambda words: re.sub(r"\W+", " ", words)[:40])
async def test_its_examples_can_be_pasted_into_a_shell(folder, words):
    """Each by itself, as it stands on the page, with the secret typed into the variable that the page names."""
    plain = "s3cret-$HOME-`x`"
    head = '[serve]\ndatabase = "sqlite:///operator.sqlite"\nlate_rows = "plain"\n[[serve.auth]]\n'
    auth = words.format(secret=json.dumps(SECRET, ensure_ascii=False), plain=json.dumps(plain))
    (folder / "halfopen.toml").write_text(head + auth + "\n" + FEEDS, encoding="utf-8")
    config = load(folder / "halfopen.toml", {}).needed_serve()
    async with served(config, clock=clock) as (server, _):
        page = await rendered(server)
        assert SECRET not in page
        examples = re.findall(r'<pre class="example"><code>(.*?)</code>', page, re.DOTALL)
        assert len(examples) == 3
        for example, rows in zip(examples, (30, 1, 1), strict=True):
            code, out = await shell(html.unescape(example), plain if "bearer" in words else SECRET)
            assert (code, out.count("\r\n")) == (0, 1 + rows), f"{html.unescape(example)}\n{out}"


async def rendered(server) -> str:
    """The page without its sign-in, which some schemes give to no browser."""
    from halfopen.serve.front.base import Visit  # noqa: PLC0415

    scope = {"scheme": "http", "client": ("127.0.0.1", 1)}
    shown = await server._setup.pages["/"](Visit(scope, {"host": server.url.removeprefix("http://")}, "crm"))
    return shown.body.decode()


async def shell(commands: str, secret: str) -> tuple[int, str]:
    environ = {**os.environ, "FEED_SECRET": secret}
    process = await asyncio.create_subprocess_exec("bash", "-c", commands, stdout=PIPE, stderr=STDOUT, env=environ)
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_openapi_is_valid_and_true_to_the_rows(folder):
    async with served(configured(folder, FEEDS), clock=clock) as (_, client):
        described = json.loads(await got(client, "/openapi.json"))
        validate(described)
        assert list(described["paths"]) == [
            "/crm/people", "/api/players", "/api/users", "/api/auto-logins", "/api/sports-tournaments"
        ]  # fmt: skip
        assert described["security"] == [{"basic": []}]
        for path, operation in described["paths"].items():
            rows = json.loads(await got(client, asked(AT, AT + MINUTE, path, "&format=json")))
            assert rows
            name = operation["get"]["operationId"].partition("_2")[0].partition("_3")[0]
            schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
            for row in rows:
                jsonschema.validate(row, schema, jsonschema.Draft202012Validator)
    names = list(described["components"]["schemas"]["players"]["properties"])
    assert (
        names == ["id", "city", "registered_at", "modified_at", "vip_level", "ltv", "tags", "seen"]
        or "first_name" in names
    )


async def test_an_alias_that_is_the_operators_own_path_is_told_once(folder):
    feed = '[serve.feeds.players]\ntable = "players"\npath = "/api/users"\n'
    async with served(configured(folder, feed), clock=clock) as (_, client):
        described = json.loads(await got(client, "/openapi.json"))
        page = await got(client, "/")
    told = {path: operation["get"]["operationId"] for path, operation in described["paths"].items()}
    assert told == {"/api/users": "players", "/api/players": "players_2"}
    assert page.count("<code>/api/users</code>") == 0
    assert page.count("<code>/api/players</code>") == 1


async def test_schemathesis_finds_nothing(folder):
    hooks = Path(__file__).parents[1] / "support" / "schemathesis_hooks.py"
    async with served(configured(folder, FEEDS), clock=clock) as (server, _):
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("st")), "run", f"{server.url}/openapi.json",
            *("--header", f"Authorization: {SIGNED_IN['Authorization']}", "--max-examples", "8"),
            *("--exclude-checks", "positive_data_acceptance", "--no-color"),
            *("--generation-deterministic", "--request-timeout", "30"),
            cwd=folder, stdout=PIPE, stderr=STDOUT, env={**os.environ, "SCHEMATHESIS_HOOKS": str(hooks)},
        )  # fmt: skip
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    assert re.search(r"Tested: +5", out.decode()), out.decode()


async def test_metrics_tell_what_was_served(folder):
    async with served(configured(folder, FEEDS), clock=clock) as (server, client):
        body = await got(client, asked(AT, AT + MINUTE))
        async with aiohttp.ClientSession() as stranger, stranger.get(server.url + asked(AT, AT + MINUTE)) as answer:
            assert answer.status == 401
        async with client.get("/api/players") as answer:
            assert answer.status == 400
        async with client.get("/made/up/path") as answer:
            assert answer.status == 404
        page = await got(client, "/metrics")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    assert found["halfopen_rows_total", "players"] == 30
    assert found["halfopen_bytes_total", "players"] == len(body.encode())
    assert {key[1:]: value for key, value in found.items() if key[0] == "halfopen_requests_total"} == {
        ("players", "200"): 1, ("players", "401"): 1, ("players", "400"): 1, ("", "404"): 1
    }  # fmt: skip
    assert found["halfopen_refused_sign_ins_total", "unauthorized"] == 1
    assert found["halfopen_answer_seconds_count", "players"] == 3
    assert found["halfopen_answers_in_flight",] == 1, "the scrape itself"
    assert "made/up" not in page


async def test_a_failed_query_is_counted(folder):
    failing = "[serve.feeds.players]\nsql = \"select *, json_extract(first_name, '$') as ip from players\"\n"
    async with served(configured(folder, failing), clock=clock) as (_, client):
        async with client.get(asked(AT, AT + MINUTE)) as answer:
            assert answer.status == 500
        assert "No sample: the rows cannot be read now." in await got(client, "/")
        assert 'halfopen_failed_queries_total{feed="players",reason="query_failed"} 1.0' in await got(
            client, "/metrics"
        )


async def test_chromium_shows_it_on_a_desk_and_on_a_phone(folder, tmp_path):
    async with served(configured(folder, FEEDS), clock=clock) as (server, _):
        url = server.url.replace("http://", "http://crm:s3cret@")
        dom = await chromium(tmp_path, url, "--dump-dom")
        assert "<h1>Product data feeds</h1>" in dom
        assert dom.count('<section id="') == 3
        assert dom.count('class="example"') == 3
        for width in (1200, 390):
            shot = tmp_path / f"{width}.png"
            await chromium(tmp_path, url, f"--window-size={width},1600", f"--screenshot={shot}")
            assert struct.unpack(">II", shot.read_bytes()[16:24]) == (width, 1600)
