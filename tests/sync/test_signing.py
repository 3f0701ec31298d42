"""Token flows against a real token address over HTTP, with a clock that the test turns."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from halfopen.sync.refusal import Refusal
from halfopen.sync.signing import SignIn
from halfopen.sync.transfer import excerpt

SECRET = "cl1ent-s3cret"


class Issuer:
    """Issues token-1, token-2 ... and lets only the newest in."""

    def __init__(self) -> None:
        self.issued = 0
        self.status = 200
        self.retry_after = "7"
        self.life = 3600

    async def token(self, request: web.Request) -> web.Response:
        await request.post()
        if self.status != 200:
            answer = {"error": "invalid_client", "echo": SECRET}
            return web.json_response(answer, status=self.status, headers={"Retry-After": self.retry_after})
        self.issued += 1
        return web.json_response({"access_token": f"token-{self.issued}", "expires_in": self.life})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def signing(issuer, clock):
    app = web.Application()
    app.router.add_post("/oauth/token", issuer.token)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    words = {
        "scheme": "oauth2",
        "token_url": f"http://127.0.0.1:{port}/oauth/token",
        "client_id": "intarget",
        "client_secret": SECRET,
    }
    async with aiohttp.ClientSession() as session:
        yield SignIn(words, session, clock)
    await runner.cleanup()


async def sent(sign_in):
    return (await sign_in.signed("/api/players", "from=a&to=b", 0.0)).headers["Authorization"]


async def test_a_token_is_asked_for_once_by_many_requests_at_once():
    issuer = Issuer()
    async with signing(issuer, Clock()) as sign_in:
        assert set(await asyncio.gather(*(sent(sign_in) for _ in range(13)))) == {"Bearer token-1"}
    assert issuer.issued == 1


async def test_a_token_is_renewed_before_it_ends():
    issuer, clock = Issuer(), Clock()
    async with signing(issuer, clock) as sign_in:
        await sent(sign_in)
        clock.now = 3500.0
        assert await sent(sign_in) == "Bearer token-1"
        clock.now = 3541.0
        assert await sent(sign_in) == "Bearer token-2"


async def test_a_refused_token_is_worth_another_unless_it_is_brand_new():
    issuer, clock = Issuer(), Clock()
    async with signing(issuer, clock) as sign_in:
        signed = await sign_in.signed("/", "", 0.0)
        unauthorized = Refusal("answered 401", status=401)
        assert not sign_in.again(unauthorized, signed)
        clock.now = 60.0
        assert not sign_in.again(Refusal("answered 403", status=403), signed)
        assert sign_in.again(unauthorized, signed)
        assert await sent(sign_in) == "Bearer token-2"


async def test_a_refusal_of_the_issuer_is_told_without_secrets():
    issuer = Issuer()
    issuer.status = 401
    async with signing(issuer, Clock()) as sign_in:
        with pytest.raises(Refusal, match="invalid_client") as caught:
            await sent(sign_in)
    assert SECRET not in str(caught.value)
    assert caught.value.status == 401


async def test_an_issuer_may_name_a_wait_that_never_ends():
    issuer = Issuer()
    issuer.status, issuer.retry_after = 503, "9" * 30
    async with signing(issuer, Clock()) as sign_in:
        with pytest.raises(Refusal) as caught:
            await sign_in.signed("/", "", 0.0)
    assert caught.value.retry_after == timedelta(seconds=10**9)


async def test_an_issuer_that_is_not_there_is_a_refusal():
    async with aiohttp.ClientSession() as session:
        words = {"scheme": "oauth2", "token_url": "http://127.0.0.1:9/t", "client_id": "a", "client_secret": SECRET}
        with pytest.raises(Refusal, match="no token could be asked for"):
            await SignIn(words, session, Clock()).signed("/", "", 0.0)


async def test_what_was_sent_is_hidden_when_it_comes_back():
    issuer = Issuer()
    async with signing(issuer, Clock()) as sign_in:
        signed = await sign_in.signed("/", "", 0.0)
        assert sign_in.hidden(f"bad token token-1 of {SECRET}", signed) == "bad token *** of ***"


@asynccontextmanager
async def signed_with(words):
    async with aiohttp.ClientSession() as session:
        yield SignIn(words, session, Clock())


async def test_what_signing_added_to_the_query_is_hidden_when_it_comes_back():
    words = {"scheme": "signature", "template": "{from}{secret}", "secret": SECRET, "algorithm": "sha256"}
    async with signed_with(words) as sign_in:
        signed = await sign_in.signed("/", "from=a&to=b", 0.0)
        digest = signed.query.rpartition("=")[2]
        echo = f'GET /?{signed.query} {{"sign": "{digest}", "SIGN": "{digest.upper()}"}}'
        assert (
            sign_in.hidden(echo, signed, "from=a&to=b") == 'GET /?from=a&to=b&sign=*** {"sign": "***", "SIGN": "***"}'
        )


async def test_a_short_word_is_hidden_behind_its_name_only():
    words = {"scheme": "login", "user": "a b", "password": "p&q rst"}
    async with signed_with(words) as sign_in:
        signed = await sign_in.signed("/", "from=a&to=b", 0.0)
        echo = f"a database has no a b: {signed.query} login=a+b&LOGIN=a b&password=p&q rst"
        shown = sign_in.hidden(echo, signed, "from=a&to=b")
    assert shown == ("a database has no a b: from=a&to=b&login=***&password=*** login=***&LOGIN=***&password=***")


async def test_a_key_of_the_path_is_hidden_and_a_password_of_a_letter_mangles_nothing():
    async with signed_with({"scheme": "login", "user": "crm", "password": "a"}) as sign_in:
        echo = "no ordinary key KEY-of-0urs at /api?api_key=KEY-of-0urs&lang=en&password=a"
        query = "api_key=KEY-of-0urs&lang=en"
        signed = await sign_in.signed("/api", query, 0.0)
        shown = sign_in.hidden(echo, signed, query)
    assert shown == "no ordinary key *** at /api?api_key=***&lang=en&password=***"


@pytest.mark.parametrize(
    "way",
    [
        lambda text: quote(text, safe="").lower(),
        lambda text: text.replace("\\", "\\\\"),
        lambda text: json.dumps(json.dumps(text))[3:-3],
    ],
)
async def test_a_password_is_hidden_as_it_was_echoed_and_as_an_excerpt_quotes_that(way):
    password = 'Pass\\w"Rd/é'
    async with signed_with({"scheme": "basic", "user": "crm", "password": password}) as sign_in:
        echo = f"pw={way(password)}!"
        assert sign_in.hidden(echo) == "pw=***!"
        assert sign_in.hidden(excerpt(echo.encode())) == "'pw=***!'"
