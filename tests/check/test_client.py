"""How a product is asked that wants to be asked less, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from halfopen.check.client import Client, LeftAlone, Limits, Spent
from halfopen.check.exchange import Exchange
from halfopen.check.finding import Status
from halfopen.check.judging import judge
from halfopen.check.observe import Observer
from halfopen.check.survey import Survey
from halfopen.config.product import read_product
from support.seen import NOW, window

MINUTE = window("11:58:00", "11:59:00")
Answer = tuple[int, Mapping[str, str]] | Exception


class Time:
    """A clock that passes as one sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            # Whoever wakes first moves the clock on.
            await REAL_SLEEP(0)
            self.now = min(until, self.now + 0.05)


REAL_SLEEP = asyncio.sleep


class Body:
    """No rows, in CSV."""

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        await REAL_SLEEP(0)
        yield b"id,player_id,modified_at\r\n"


class Response:
    """What a product answers."""

    connection = None

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        self.status, self.headers, self.content = status, headers, Body()


class Session:
    """A product without a network: `answers` says what the n-th request gets, from 0."""

    def __init__(self, answers: Callable[[str, int], Answer], time: Time) -> None:
        self.answers, self.time = answers, time
        self.asked: list[tuple[float, str]] = []

    @asynccontextmanager
    async def get(self, url: object, **_: Any) -> AsyncIterator[Response]:
        self.asked.append((self.time.now, str(url).partition("?")[0]))
        found = self.answers(str(url), len(self.asked) - 1)
        await REAL_SLEEP(0)
        if isinstance(found, Exception):
            raise found
        yield Response(*found)

    @asynccontextmanager
    async def post(self, _: str, **_options: Any) -> AsyncIterator[Response]:
        await REAL_SLEEP(0)
        yield Token(200, {})


class Token(Response):
    """What an issuer answers."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status, headers)
        self.content = self

    async def readexactly(self, _: int) -> bytes:
        raise asyncio.IncompleteReadError(b'{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600}', 1)


BEARER = {"scheme": "bearer", "token": "t0ken"}
OAUTH = {"scheme": "oauth2", "token_url": "http://127.0.0.1/token", "client_id": "crm", "client_secret": "s3cret"}
OK: Answer = (200, {"Content-Type": "text/csv"})


class Asking:
    """A client and a survey of such a product."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, answers: Callable[[str, int], Answer],
        auth: Mapping[str, str] = BEARER, **limits: Any,
    ) -> None:  # fmt: skip
        self.time = Time()
        monkeypatch.setattr("halfopen.check.pace.asyncio.sleep", self.time.sleep)
        self.session = Session(answers, self.time)
        product = read_product("test", {"url": "http://127.0.0.1", "auth": dict(auth)}, "test")
        self.client = Client(
            product, self.session, Limits(**limits), folder, clock=lambda: NOW + timedelta(seconds=self.time.now),
            monotonic=self.time, seen=self._seen,
        )  # type: ignore[arg-type]  # fmt: skip
        names = list(self.client.paths)
        self.survey = Survey(product, self.client, Observer({}), names=names, clock=lambda: NOW)

    def _seen(self, exchange: Exchange) -> None:
        self.survey.record(exchange)

    async def ask(self, feed: str = "wallets", **how: Any) -> Exchange:
        return await self.client.ask(feed, "minute", MINUTE, **how)

    @property
    def times(self) -> list[float]:
        return [at - 1000 for at, _ in self.session.asked]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_rest_is_kept_in_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int) -> None:
    busy = (status, {"Retry-After": "45"})
    asking = Asking(monkeypatch, tmp_path, lambda _, n: busy if n == 0 else OK)
    assert (await asking.ask()).status == 200
    assert asking.times[1] >= 45


@pytest.mark.parametrize("how", [{"credentials": "none"}, {"credentials": "wrong"}, {"burst": True}])
async def test_a_rest_is_kept_whoever_was_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: dict[str, Any]
) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda _, n: (429, {"Retry-After": "20"}) if n == 0 else OK)
    assert (await asking.ask(**how)).status == 429
    await asking.ask("logins")
    assert asking.times[1] >= 20


async def test_who_waits_for_a_turn_waits_for_a_rest_that_is_asked_for_meanwhile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda _, n: (503, {"Retry-After": "20"}) if n == 0 else OK, rate=1)
    await asyncio.gather(asking.ask("wallets"), asking.ask("logins"), asking.ask("players"))
    assert all(at >= 20 for at in asking.times[1:])


@pytest.mark.parametrize("status", [429, 503])
async def test_a_rest_that_is_too_long_ends_the_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int
) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda _, _n: (status, {"Retry-After": "3600"}))
    with pytest.raises(Spent, match="left alone for 3600 s"):
        await asking.ask()
    with pytest.raises(Spent, match="left alone"):
        await asking.ask("logins")
    assert len(asking.times) == 1
    assert asking.client.refused


async def test_rests_are_not_sat_out_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda _, _n: (503, {"Retry-After": "40"}))
    await asking.survey.look()
    assert "left alone for 120 s" in asking.survey.spent
    assert asking.time.now - 1000 <= 130


async def test_a_product_that_only_fails_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda _, _n: (503, {}))
    await asking.survey.look()
    assert "status 503" in asking.survey.spent
    assert not asking.survey.looked
    assert len(asking.times) < 30


async def test_a_feed_that_fails_is_left_alone_and_the_others_are_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda url, _: (503, {}) if "wallets" in url else OK)
    await asking.survey.look()
    assert asking.survey.looked
    assert not asking.survey.spent
    assert sum("wallets" in url for _, url in asking.session.asked) <= 4


async def test_a_feed_that_timed_out_twice_is_not_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda url, _: TimeoutError() if "wallets" in url else OK)
    for _ in range(2):
        if sum("wallets" in url for _, url in asking.session.asked) < 2:
            await asking.ask()
    with pytest.raises(LeftAlone, match="wallets timed out"):
        await asking.ask()
    assert sum("wallets" in url for _, url in asking.session.asked) == 2
    assert (await asking.ask("logins")).status == 200


async def test_what_was_sent_is_waited_for_when_the_budget_is_spent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda _, _n: OK, requests=5)
    await asking.survey.look()
    assert len(asking.survey.observations) == 5
    assert asking.survey.reachable
    assert "5 requests" in asking.survey.spent


async def test_every_hop_of_a_redirect_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda url, _: OK if "/v2" in url else (302, {"Location": "/v2/x"}), rate=1)
    found = await asking.ask()
    await asking.ask("logins")
    assert found.redirects == ("http://127.0.0.1/v2/x",)
    assert found.url.startswith(f"http://127.0.0.1{asking.client.paths['wallets']}?from="), "what was asked"
    assert asking.client.requests == 4
    assert all(later - earlier >= 0.9 for earlier, later in zip(asking.times, asking.times[1:], strict=False))


async def test_no_hop_is_followed_beyond_the_budget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda _, _n: (302, {"Location": "/again"}), requests=2)
    assert (await asking.ask()).status == 302
    assert len(asking.times) == 2


@pytest.mark.parametrize("auth", [BEARER, {"scheme": "login", "user": "crm", "password": "s3cret-word"}])
async def test_where_a_feed_was_answered_it_is_asked_from_then_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, auth: dict[str, str]
) -> None:
    def answers(url: str, _: int) -> Answer:
        path, _, query = url.partition("?")
        return OK if path.endswith("/") else (301, {"Location": f"{path}/?{query}"})

    asking = Asking(monkeypatch, tmp_path, answers, auth)
    first, second = await asking.ask(), await asking.ask()
    assert (len(first.redirects), len(second.redirects)) == (1, 0)
    assert second.url.partition("?")[0] == f"http://127.0.0.1{asking.client.paths['wallets']}/"
    await asking.survey.look()
    assert asking.survey.looked
    assert asking.client.requests < 300
    assert "redirected" in {one.code for one in judge(asking.survey.case())[1]}


@pytest.mark.parametrize("where", ["http://elsewhere.example/api", "", "{url}", "{url}&again=1"])
async def test_a_product_that_leads_every_request_astray_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda url, _: (302, {"Location": where.format(url=url)} if where else {}))
    await asking.survey.look()
    assert asking.survey.spent == "every request is redirected, and to no answer"
    assert asking.client.requests <= (65 if "again" in where else 13)
    verdicts, findings = judge(asking.survey.case())
    assert {one.code for one in findings} <= {"redirected"}
    assert {one.feed for one in findings} == (set(asking.client.paths) if where else set())
    about = {one.status for one in verdicts if one.code == "row_outside_window"}
    assert about == {Status.NOT_VERIFIED}


async def test_a_feed_that_leads_astray_is_left_alone_and_the_others_are_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = (302, {"Location": "http://elsewhere.example"})
    asking = Asking(monkeypatch, tmp_path, lambda url, _: elsewhere if "wallets" in url else OK)
    await asking.survey.look()
    assert asking.survey.looked
    assert sum("wallets" in url for _, url in asking.session.asked) == 2


async def test_what_is_posted_for_a_token_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asking = Asking(monkeypatch, tmp_path, lambda _, _n: OK, auth=OAUTH, rate=1)
    assert (await asking.ask()).status == 200
    assert asking.client.requests == 2
    await asking.ask("logins")
    assert asking.client.requests == 3
    assert asking.times[1] >= 1.9, "the token had a turn too"
