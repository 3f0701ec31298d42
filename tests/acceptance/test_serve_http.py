"""serve over real HTTP: what a caller sees of windows, formats, errors and signing in."""

import asyncio
import base64
import csv
import hashlib
import io
import json
from datetime import datetime, timedelta

import aiohttp
import pytest
import structlog

from halfopen.errors import ConfigError
from halfopen.serve.server import Server
from halfopen.wire.negotiate import Format
from support.serving import AT, PLAYERS, asked, configured, database, insert, player, served, text

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def config(tmp_path):
    path = database(tmp_path, players=PLAYERS)
    rows = [player(n, n * 0.25, None if n % 3 else 'a "b",\r\nc') for n in range(400)]
    insert(path, "players", [*rows, player(-1, 60), player(-2, 59.999999), player(-3, 0, "")])
    return configured(tmp_path)


def curl(url: str, *options: str) -> list[str]:
    return ["curl", "-sS", "-u", "crm:s3cret", *options, url]


async def run(*command: str) -> tuple[int, bytes]:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return process.returncode or 0, out


async def raw(url: str, target: str, version: str = "1.1") -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    credentials = base64.b64encode(b"crm:s3cret").decode()
    head = f"GET {target} HTTP/{version}\r\nHost: x\r\nAuthorization: Basic {credentials}\r\nConnection: close"
    writer.write(head.encode() + b"\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


async def test_plus_and_percent_20_are_the_same_blank(config):
    windows = [
        f"from={text(AT).replace(' ', blank)}&to={text(AT + MINUTE).replace(' ', blank)}" for blank in ("+", "%20")
    ]
    async with served(config) as (server, _):
        bodies = [await run(*curl(f"{server.url}/api/players?{window}")) for window in windows]
        raws = [(await raw(server.url, f"/api/players?{window}")).partition(b"\r\n\r\n")[2] for window in windows]
    assert bodies[0] == bodies[1]
    assert bodies[0][1] == raws[0] == raws[1]
    assert len(list(csv.reader(io.StringIO(raws[0].decode(), newline="")))) == 1 + 240 + 2


async def test_the_three_formats_tell_the_same_rows(config):
    async with served(config) as (_, client):
        bodies = {}
        for format_ in Format:
            async with client.get(asked(AT, AT + MINUTE, more=f"&format={format_}")) as answer:
                bodies[format_] = await answer.read()
                assert answer.status == 200
                assert answer.headers["Content-Type"] == format_.media_type
                assert answer.headers["Halfopen-Rows"] == "242"
        async with client.get(asked(AT, AT + MINUTE), headers={"Accept": "application/json"}) as answer:
            assert await answer.read() == bodies[Format.JSON]
    rows = list(csv.DictReader(io.StringIO(bodies[Format.CSV].decode(), newline="")))
    told = json.loads(bodies[Format.JSON])
    assert [{name: value or "" for name, value in row.items()} for row in told] == rows
    assert [json.loads(line) for line in bodies[Format.NDJSON].splitlines()] == told
    assert {row["city"] for row in told} == {None, "Riga", 'a "b",\r\nc', ""}


async def test_a_short_answer_carries_its_receipt(config):
    async with served(config) as (_, client), client.get(asked(AT, AT + SECOND)) as answer:
        body = await answer.read()
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        assert answer.headers["Content-Digest"] == f"sha-256=:{digest}:"
        assert answer.headers["Content-Length"] == str(len(body))
        assert answer.headers["Halfopen-Rows"] == "5"
        assert answer.headers["Halfopen-Final"] == "true"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers.getall("Server") == ["halfopen"]
        assert "Date" in answer.headers


@pytest.mark.parametrize("format_", list(Format))
@pytest.mark.parametrize("end", [AT + 90 * MINUTE, AT + 91 * MINUTE], ids=["from = to", "no rows"])
async def test_an_empty_window_is_a_good_answer(config, format_, end):
    async with (
        served(config) as (_, client),
        client.get(asked(AT + 90 * MINUTE, end, more=f"&format={format_}")) as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Halfopen-Rows"] == "0"
        body = await answer.text()
    assert body == {"csv": "id,city,registered_at,modified_at\r\n", "json": "[]\n", "ndjson": ""}[format_]


async def test_neighbouring_windows_add_up_over_http(config):
    async def ids(client, start: float, end: float) -> list[str]:
        more = f"&from={(AT + start * SECOND):%Y-%m-%dT%H:%M:%S.%fZ}&to={(AT + end * SECOND):%Y-%m-%dT%H:%M:%S.%fZ}"
        async with client.get(f"/api/users?{more}") as answer:
            assert answer.status == 200
            return [row["id"] for row in csv.DictReader(io.StringIO(await answer.text(), newline=""))]

    async with served(config) as (_, client):
        for middle in (0, 7, 13.125, 59, 60, 61, 100):
            parts = await ids(client, 0, middle) + await ids(client, middle, 101)
            assert sorted(parts) == sorted(await ids(client, 0, 101)), middle
            assert len(parts) == 403


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/api/players", 400, "missing_window"),
        ("/api/players?from=2024-05-01%2000:00:00", 400, "missing_window"),
        ("/api/players?from=2024-05-01&to=2024-05-02", 400, "malformed_window"),
        ("/api/players?from=2024-05-01%2000:00:01&to=2024-05-01%2000:00:00", 400, "inverted_window"),
        (asked(AT, AT + MINUTE, more="&format=xml"), 400, "unknown_format"),
        ("/api/playerz", 404, "not_found"),
        ("/nothing", 404, "not_found"),
        (asked(AT, AT + MINUTE, "/api/wallets"), 404, "not_offered"),
    ],
)
async def test_errors_are_problems_with_a_stable_code(config, target, status, code):
    async with served(config) as (_, client), client.get(target) as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert answer.status == problem["status"] == status
        assert problem["code"] == code
        assert set(problem) == {"type", "title", "status", "detail", "code", "request_id"}
        assert answer.headers["Request-Id"] == problem["request_id"]
        assert answer.headers["Server"] == "halfopen"


async def test_only_get_and_head_are_allowed(config):
    async with served(config) as (_, client):
        async with client.post(asked(AT, AT + MINUTE), data=b"x" * 100_000) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
            assert (await answer.json(content_type=None))["code"] == "method_not_allowed"
        async with client.head(asked(AT, AT + MINUTE)) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
            assert await answer.read() == b""
        async with client.head("/api/players") as answer:
            assert answer.status == 400


@pytest.mark.parametrize("pair", [None, ("crm", "wrong"), ("other", "s3cret"), ("crm", "")])
@pytest.mark.parametrize("path", ["/api/players", "/api/users", "/api/wallets"])
async def test_nobody_gets_a_row_without_the_right_password(config, pair, path):
    headers = {} if pair is None else {"Authorization": aiohttp.encode_basic_auth(*pair)}
    async with (
        served(config) as (server, _),
        aiohttp.ClientSession(headers=headers) as stranger,
        stranger.get(server.url + asked(AT, AT + MINUTE, path)) as answer,
    ):
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert b"p1" not in await answer.read()


async def test_any_of_several_callers_may_sign_in(tmp_path, config):
    second = '[[serve.auth]]\nscheme = "basic"\nuser = "audit"\npassword = "other"\n'
    config = configured(tmp_path, second + '[serve.feeds.players]\ntable = "players"\n')
    async with served(config) as (_, client):
        for user, password in (("crm", "s3cret"), ("audit", "other")):
            headers = {"Authorization": aiohttp.encode_basic_auth(user, password)}
            async with client.get(asked(AT, AT + MINUTE), headers=headers) as answer:
                assert answer.status == 200


class Hands:
    """A clock that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


async def test_a_window_that_ends_just_ahead_is_held_until_the_clock_has_passed(config):
    clock = Hands(AT + MINUTE - 4 * SECOND)
    async with served(config, clock=clock) as (_, client):
        held = asyncio.create_task(client.get(asked(AT, AT + MINUTE)))
        await asyncio.sleep(0.5)
        clock.now = AT + MINUTE - timedelta(milliseconds=1)
        await asyncio.sleep(0.3)
        assert not held.done()
        clock.now = AT + MINUTE
        async with await asyncio.wait_for(held, 1) as answer:
            assert answer.status == 200
            assert answer.headers["Halfopen-Final"] == "true"
            assert answer.headers["Halfopen-Rows"] == "242"


async def test_a_window_that_ends_further_ahead_is_answered_as_not_final(config):
    clock = Hands(AT + MINUTE - 5 * SECOND - timedelta(milliseconds=1))
    async with served(config, clock=clock) as (_, client), client.get(asked(AT, AT + MINUTE)) as answer:
        assert answer.status == 200
        assert answer.headers["Halfopen-Final"] == "false"


async def test_unfinished_windows_can_be_refused(tmp_path, config):
    config = configured(tmp_path, more='unfinished = "refuse"')
    async with served(config, clock=Hands(AT)) as (_, client), client.get(asked(AT, AT + MINUTE)) as answer:
        assert answer.status == 425
        assert (await answer.json(content_type=None))["code"] == "unfinished_window"


async def test_windows_can_have_a_longest_length(tmp_path, config):
    config = configured(tmp_path, '[serve.limits]\nmax_window = "1m"\n[serve.feeds.players]\ntable = "players"\n')
    async with served(config) as (_, client):
        async with client.get(asked(AT, AT + MINUTE)) as answer:
            assert answer.status == 200
        async with client.get(asked(AT, AT + MINUTE + SECOND)) as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (400, "window_too_long")


async def test_an_allow_list_keeps_others_out(tmp_path, config):
    feeds = '[serve.feeds.players]\ntable = "players"\n'
    for allow, proxies, forwarded, status in [
        (["127.0.0.0/8"], [], None, 200),
        (["10.0.0.0/8"], [], None, 403),
        (["10.0.0.0/8"], [], "10.1.2.3", 403),
        (["10.0.0.0/8"], ["127.0.0.1"], "10.1.2.3", 200),
        (["10.0.0.0/8"], ["127.0.0.1"], "10.1.2.3, 192.0.2.1", 403),
        (["2001:db8::/32"], ["127.0.0.1"], "2001:db8::1", 200),
    ]:
        config = configured(
            tmp_path, feeds, more=f"allow = {json.dumps(allow)}\ntrusted_proxies = {json.dumps(proxies)}"
        )
        headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
        async with served(config) as (_, client), client.get(asked(AT, AT + MINUTE), headers=headers) as answer:
            assert answer.status == status, (allow, proxies, forwarded)


async def test_alive_and_ready_need_no_password(tmp_path, config):
    async with served(config) as (server, _), aiohttp.ClientSession(server.url) as stranger:
        for path in ("/healthz", "/readyz"):
            async with stranger.get(path) as answer:
                assert answer.status == 200
        server.source._connections.close()
        (tmp_path / "operator.sqlite").rename(tmp_path / "away.sqlite")
        async with stranger.get("/readyz") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        async with stranger.get("/healthz") as answer:
            assert answer.status == 200


async def test_a_database_that_is_away_is_said_with_503_and_comes_back(tmp_path, config):
    file, away = tmp_path / "operator.sqlite", tmp_path / "away.sqlite"
    async with served(config) as (server, client):
        server.source._connections.close()
        file.rename(away)
        async with client.get(asked(AT, AT + MINUTE)) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            assert (await answer.json(content_type=None))["code"] == "unavailable"
        away.rename(file)
        async with client.get(asked(AT, AT + MINUTE)) as answer:
            assert (answer.status, answer.headers["Halfopen-Rows"]) == (200, "242")


async def test_one_event_a_request_and_no_secret_in_it(config):
    log = structlog.testing.CapturingLogger()
    async with served(config, log=structlog.wrap_logger(log, processors=[])) as (_, client):
        async with client.get(asked(AT, AT + MINUTE, more="&token=hush")) as answer:
            size = len(await answer.read())
        async with client.get("/api/players?from=hush") as answer:
            await answer.read()
    events = [call.kwargs for call in log.calls]
    assert [event["status"] for event in events] == [200, 400]
    assert events[0]["caller"] == "crm"
    assert events[0]["feed"] == "players"
    assert events[0]["rows"] == 242
    assert events[0]["bytes"] == size
    assert events[0]["window"] == "[2024-05-01 00:00:00, 2024-05-01 00:01:00)"
    assert "s3cret" not in str(log.calls)
    assert "hush" not in str(log.calls)


async def test_many_callers_at_once_all_get_the_same(config):
    async with served(config) as (_, client):

        async def one() -> bytes:
            async with client.get(asked(AT, AT + MINUTE)) as answer:
                return await answer.read()

        assert len(set(await asyncio.gather(*[one() for _ in range(60)]))) == 1


async def test_https_with_the_operators_certificate(tmp_path, config):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made, _ = await run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert),
    )  # fmt: skip
    assert made == 0
    feed = '[serve.feeds.players]\ntable = "players"\n'
    secure = configured(tmp_path, f'[serve.tls]\ncert = "{cert}"\nkey = "{key}"\n{feed}')
    async with served(secure) as (server, _):
        code, body = await run(*curl(server.url + asked(AT, AT + MINUTE), "--cacert", str(cert)))
    assert server.url.startswith("https://")
    assert code == 0
    assert body.count(b'"p') == 242
    key.write_text("no key")
    with pytest.raises(ConfigError, match=r"serve\.tls"):
        Server(secure, port=0)
