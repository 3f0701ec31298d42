"""A product that quotes whatever it was sent, in every way that servers do: no output and no recording has a secret."""

import base64
import gzip
import html as escaping
import json
import stat

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from halfopen.check import engine
from halfopen.check.client import Limits
from halfopen.check.finding import Report
from halfopen.check.report import html, junit, sarif
from halfopen.check.report import json as as_json
from halfopen.config.product import read_product
from support.told import in_terminal

USER, PASSWORD, KEY = "crm", "p\u00e9\"c'ret&<word>", "KEYSEC-0815"
IN_URL, IN_PATH = "4f9d2c81b7e60a35", "rT8-qLm2Zx9vW4kP%7Ee7"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
WAYS = {
    PASSWORD, json.dumps(PASSWORD)[1:-1], json.dumps(PASSWORD, ensure_ascii=False)[1:-1], escaping.escape(PASSWORD),
    escaping.escape(PASSWORD).replace("&#x27;", "&#39;"), BASIC, KEY, IN_URL, IN_PATH, IN_PATH.replace("%7E", "~"),
}  # fmt: skip


async def quoting(request: web.Request) -> web.Response:  # noqa: PLR0911 - one a way to quote
    sent = request.headers.get("Authorization", "")
    word = base64.b64decode(sent.removeprefix("Basic ")).decode() if sent else "nobody"
    told = f"{word} {sent} {request.raw_path}"
    if "events" in request.path:
        raise web.HTTPFound(f"/another{request.raw_path}")
    if "wallets" in request.path:
        return web.json_response({"error": f"login failed for {told}", "status": 500})
    if "bets" in request.path:
        return web.Response(text="<html>" + "." * 56 + sent.removeprefix("Basic "), content_type="text/html")
    if "contacts" in request.path:
        return web.Response(text="<html>" + "." * 69 + word, content_type="text/html")
    if "players" in request.path:
        return web.Response(text=f"<html>no {escaping.escape(told)}</html>", content_type="text/html")
    if "logins" in request.path:
        return web.Response(status=500, text=escaping.escape(told).replace("&#x27;", "&#39;"))
    if "transactions" in request.path:
        return web.Response(text=json.dumps({"error": told}, ensure_ascii=False), content_type="application/json")
    if "bonuses" in request.path:
        return web.Response(body=b"id\r\n\x1b[31m" + told.encode() + b"\r\n", content_type="text/csv")
    return web.Response(text="[]", content_type="application/json")


async def checked(served: str, record, *, redact: bool = False) -> Report:
    words = {
        "url": f"{served}/{IN_URL}",
        "auth": {"scheme": "basic", "user": USER, "password": PASSWORD},
        "paths": {
            "wallets": f"/api/wallets?api_key={KEY}",
            "bonus_list": f"/api/bonuses?access_token={KEY}",
            "players": f"/{IN_PATH}/players",
            "sports_events": f"/{IN_PATH}/events",
        },
    }
    options = engine.Options(watch=0, limits=Limits(rate=500), record=record, redact=redact)
    return await engine.check(read_product("quoting", words, "quoting"), options)


@pytest.fixture
async def served():
    app = web.Application()
    app.router.add_get("/{path:.*}", quoting)
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")


async def test_no_secret_comes_out(served, tmp_path):
    recording = tmp_path / "recording"
    report = await checked(served, recording)
    told = [form.render(report) for form in (html, junit, sarif, as_json)] + [in_terminal(report)]
    lines = [json.loads(line) for line in gzip.decompress(recording.read_bytes()).decode().splitlines()]
    told += [base64.b64decode(line["body"]).decode("utf-8", "replace") for line in lines[1:]]
    told += [json.dumps(line, ensure_ascii=False) for line in lines]
    for text in told:
        assert not [way for way in WAYS if way in text], text[:2000]
        assert BASIC[:8] not in text
        assert PASSWORD[:4] not in text
        assert IN_URL[:8] not in text
        assert IN_PATH[:8] not in text
        assert not [way for way in WAYS if json.dumps(way)[1:-1] in text], text[:2000]
    assert any("***" in text for text in told)
    assert all("/***" in text for text in told[:5])
    assert all("\x1b" not in text for text in told[:5])
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600


async def test_what_is_quoted_with_status_200_is_told_and_again_of_a_recording(served, tmp_path):
    report = await checked(served, tmp_path / "recording")
    again = engine.replayed(tmp_path / "recording", engine.Options(watch=0))
    for each in (report, again):
        (found,) = [one for one in each.findings if one.code == "auth_credentials_echoed"]
        assert any("players" in sample and "body of status 200" in sample for sample in found.samples)


async def test_a_key_of_the_path_is_hidden_and_asked_with(served, tmp_path):
    report = await checked(served, tmp_path / "recording")
    again = engine.replayed(tmp_path / "recording", engine.Options(watch=0))
    assert again.target == report.target == f"{served}/***"
    first, second = ({(one.code, one.feed): one.request for one in each.findings} for each in (report, again))
    assert {of: second.get(of) for of in first if of[1] == "players"} == {
        of: request for of, request in first.items() if of[1] == "players"
    }
    (page,) = [one for one in report.findings if (one.code, one.feed) == ("html_instead_of_data", "players")]
    assert f'{served}/"$PATH_KEY"/"$PATH_KEY"' in page.request
