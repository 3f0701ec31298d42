"""Signing in to serve over real HTTP: every scheme on every feed, patience with guessers, and no secret in the log."""

import asyncio
import time
from datetime import timedelta

import aiohttp
import argon2
import pytest
import structlog

from halfopen.auth.schemes import signer
from halfopen.config.load import load
from halfopen.contract.load import feeds
from halfopen.errors import ConfigError, SourceError
from halfopen.serve.entrance import Entrance, form
from halfopen.serve.problems import Problem
from halfopen.serve.request import words_of
from halfopen.serve.server import Server, running
from support.serving import AT, PLAYERS, asked, database, insert, player
from support.thirteen import TOKEN, thirteen

MINUTE = timedelta(minutes=1)
WINDOW = asked(AT, AT + MINUTE, "").removeprefix("?")
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("hush1")
TIMED = 'template = "{path}{from}{to}{timestamp}{secret}", parameter = "sign", timestamp = "ts", algorithm = "sha256"'
# What the file says, and what who asks is given; `hush1` is right everywhere, `hush2` nowhere.
SCHEMES = {
    "basic": ('user = "crm", password = "hush1"', {"user": "crm", "password": "hush1"}),
    "basic hash": (f'user = "crm", password_hash = "{CHEAP}"', {"user": "crm", "password": "hush1"}),
    "bearer": ('token = "hush1"', {"token": "hush1"}),
    "bearer header": ('token = "hush1", header = "X-Api-Key"', {"token": "hush1", "header": "X-Api-Key"}),
    "login": ('user = "crm", password = "hush1"', {"user": "crm", "password": "hush1"}),
    "signature": (f'{TIMED}, secret = "hush1"', {
        "template": "{path}{from}{to}{timestamp}{secret}", "timestamp": "ts", "algorithm": "sha256", "secret": "hush1",
    }),
}  # fmt: skip


def config_of(folder, *callers, sections=None, more=""):
    auth = "".join(f"[[serve.auth]]\n{caller}\n" for caller in callers)
    path = folder / "halfopen.toml"
    sections = thirteen(folder) if sections is None else sections
    head = f'[serve]\ndatabase = "sqlite:///operator.sqlite"\nlate_rows = "plain"\n{more}\n'
    path.write_text(f"{head}{auth}{sections}", encoding="utf-8")
    return load(path, {}).needed_serve()


def caller(scheme, words):
    return f'scheme = "{scheme}"\n' + words.replace(", ", "\n")


def wrong(words):
    return {name: "hush2" if value == "hush1" else value for name, value in words.items()}


def logged():
    log = structlog.testing.CapturingLogger()
    return log, structlog.wrap_logger(log, processors=[])


async def status(client, url, signed=None):
    query, headers = (signed.query, signed.headers) if signed else (WINDOW, {})
    async with client.get(f"{url}?{query}", headers=headers) as answer:
        body = await answer.read()
        assert TOKEN.encode() not in body or (answer.status == 200 and "auto-logins" in url)
        return answer.status


@pytest.mark.parametrize("name", SCHEMES)
async def test_every_scheme_on_every_feed(tmp_path, name):
    scheme = name.partition(" ")[0]
    words, given = SCHEMES[name]
    right, bad = signer({"scheme": scheme, **given}), signer({"scheme": scheme, **wrong(given)})
    log, wrapped = logged()
    config = config_of(tmp_path, caller(scheme, words))
    async with running(config, port=0, log=wrapped) as server, aiohttp.ClientSession() as client:
        for feed in feeds().values():
            url, now = server.url + feed.path, time.time()
            assert await status(client, url) == 401
            assert await status(client, url, bad.sign(feed.path, WINDOW, now=now)) == 401
            signed = right.sign(feed.path, WINDOW, now=now)
            assert await status(client, url, signed) == 200
            if scheme == "signature":
                assert await status(client, url, signed) == 401, "a second time"
                late = right.sign(feed.path, WINDOW, now=now - 301)
                assert await status(client, url, late) == 401, "too old"
                assert await status(client, url, right.sign(feed.path, WINDOW, now=now + 1)) == 200
    told = str(log.calls)
    assert len(log.calls) >= 39
    assert not any(secret in told for secret in ("hush", TOKEN, "sign=", "argon2"))
    assert {call.kwargs["caller"] for call in log.calls if call.kwargs["status"] == 200} == {given.get("user", scheme)}


@pytest.mark.parametrize("header", [True, False], ids=["basic", "form"])
async def test_oauth2_by_its_token_endpoint_on_every_feed(tmp_path, header):
    log, wrapped = logged()
    words = 'scheme = "oauth2"\nclient_id = "crm"\nclient_secret = "hush1"'
    credentials = {"client_id": "crm", "client_secret": "hush1"}
    grant = {"grant_type": "client_credentials"}
    async with running(config_of(tmp_path, words), port=0, log=wrapped) as server, aiohttp.ClientSession() as client:
        how = (
            {"data": grant, "headers": {"Authorization": aiohttp.encode_basic_auth("crm", "hush1")}}
            if header
            else {"data": grant | credentials}
        )
        async with client.post(server.url + "/oauth/token", **how) as answer:
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "no-store"
            token = (await answer.json())["access_token"]
        async with client.post(server.url + "/oauth/token", data=grant | wrong(credentials)) as answer:
            assert (answer.status, (await answer.json())["error"]) == (401, "invalid_client")
        async with client.post(server.url + "/oauth/token", data=b"x" * 20_000) as answer:
            assert answer.status == 413
        async with client.get(server.url + "/oauth/token") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        for feed in feeds().values():
            url = server.url + feed.path
            for sent, expected in ((None, 401), (token[:-2] + "AA", 401), (token, 200)):
                headers = {"Authorization": f"Bearer {sent}"} if sent else {}
                async with client.get(f"{url}?{WINDOW}", headers=headers) as answer:
                    assert answer.status == expected
                    assert expected == 200 or answer.headers["WWW-Authenticate"].startswith("Bearer")
            await status(client, url)
    told = str(log.calls)
    assert log.calls[0].kwargs["caller"] == "crm"
    assert not any(secret in told for secret in ("hush", TOKEN, token))


async def test_who_guesses_is_locked_out_by_address_and_others_are_not(tmp_path):
    config = config_of(tmp_path, caller("basic", SCHEMES["basic"][0]), more='trusted_proxies = ["127.0.0.1"]')
    right = {"Authorization": aiohttp.encode_basic_auth("crm", "hush1")}
    async with running(config, port=0) as server, aiohttp.ClientSession() as client:

        async def ask(headers, address):
            url = f"{server.url}/api/players?{WINDOW}"
            async with client.get(url, headers=headers | {"X-Forwarded-For": address}) as answer:
                return answer.status, answer.headers.get("Retry-After"), await answer.read()

        guesses = await asyncio.gather(
            *[ask({"Authorization": aiohttp.encode_basic_auth("crm", "hush2")}, "203.0.113.9") for _ in range(20)]
        )
        assert {found[0] for found in guesses} == {401}
        code, retry_after, body = await ask(right, "203.0.113.9")
        assert code == 429
        assert 1 <= int(retry_after) <= 10
        assert b"too_many_failures" in body
        assert (await ask(right, "203.0.113.10"))[0] == 200


async def test_guesses_are_held_back(tmp_path):
    config = config_of(tmp_path, caller("basic", SCHEMES["basic"][0]))
    bad = {"Authorization": aiohttp.encode_basic_auth("crm", "hush2")}
    loop = asyncio.get_running_loop()
    async with running(config, port=0) as server, aiohttp.ClientSession(headers=bad) as client:
        for _ in range(9):
            await status(client, server.url + "/api/players")
        began = loop.time()
        await status(client, server.url + "/api/players")
        assert 0.25 <= loop.time() - began < 1.5


async def test_the_allow_list_comes_before_the_password(tmp_path):
    config = config_of(
        tmp_path,
        caller("basic", SCHEMES["basic"][0]),
        more='allow = ["203.0.113.0/24", "2001:db8::/32"]\ntrusted_proxies = ["127.0.0.1"]',
    )
    right = {"Authorization": aiohttp.encode_basic_auth("crm", "hush1")}
    log, wrapped = logged()
    async with running(config, port=0, log=wrapped) as server, aiohttp.ClientSession(headers=right) as client:
        for address, expected in [("203.0.113.7", 200), ("2001:db8::7", 200), ("198.51.100.1", 403), ("", 403)]:
            headers = {"X-Forwarded-For": address}
            async with client.get(f"{server.url}/api/players?{WINDOW}", headers=headers) as answer:
                assert answer.status == expected
                assert expected == 200 or (await answer.json(content_type=None))["code"] == "not_allowed"
    assert [call.kwargs["address"] for call in log.calls] == ["203.0.113.7", "2001:db8::7", "198.51.100.1", "127.0.0.1"]


async def test_a_form_that_does_not_come_is_not_waited_for():
    async def never():
        await asyncio.sleep(60)

    with pytest.raises(Problem) as caught:
        await form(never, seconds=0.05)
    assert caught.value.status == 408


async def test_tokens_and_signatures_go_by_the_clock_that_is_given():
    now = 1_790_000_000.0
    verifier = signer({"scheme": "none"})
    entrance = Entrance([verifier], now=lambda: now, monotonic=lambda: 5.0)
    presented = entrance._presented("/", b"", {}, "")
    assert (presented.now, presented.monotonic) == (now, 5.0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
async def test_nobody_has_to_sign_in_only_on_this_machine(tmp_path, host):
    path = database(tmp_path, players=PLAYERS)
    insert(path, "players", [player(1)])
    config = config_of(tmp_path, sections='[serve.feeds.players]\ntable = "players"\n')
    for open_to_all in ("0.0.0.0", "192.0.2.1", "::"):  # noqa: S104 - what is refused
        with pytest.raises(ConfigError, match='scheme = "none"'):
            Server(config, open_to_all, 0)
    if host == "::1":
        assert Server(config, host, 0).warnings
        return
    async with running(config, host, 0) as server, aiohttp.ClientSession() as client:
        assert len(server.warnings) == 1
        assert await status(client, server.url + "/api/players") == 200


def test_an_error_of_a_feed_with_tokens_tells_none():
    error = SourceError(f'invalid input syntax for type integer: "{TOKEN}" in "login_token"')
    assert words_of(error, "auto_logins") == 'invalid input syntax for type integer: "***"'
    assert words_of(error, "players") == str(error)
    assert words_of(SourceError(f"Incorrect value: '{TOKEN}'"), "auto_logins") == 'Incorrect value: "***"'
