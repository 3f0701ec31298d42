"""A caller of the zoo's products, in this process: it signs in, writes windows, and reads what comes back."""

import asyncio
import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from halfopen.auth import schemes
from halfopen.contract import judge
from halfopen.contract.load import feeds
from halfopen.demo.faults.exchange import Request, Response
from halfopen.demo.faults.product import PASSWORD, USER, Product
from halfopen.demo.faults.rows import SECOND, moment
from halfopen.wire import csv

OPENED = datetime(2026, 11, 22, 18, 0, 13, 400_000, tzinfo=UTC)
HOUR = timedelta(hours=1)
Row = dict[str, str | None]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = OPENED) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def plain(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


@dataclass
class Caller:
    """Asks one product, as its words say."""

    product: Product

    def window(self, feed: str, start: datetime, end: datetime, **headers: str) -> Response:
        return self.ask(feed, f"from={plain(start)}&to={plain(end)}".replace(" ", "%20"), **headers)

    def ask(self, feed: str, query: str, *, signed: bool = True, **headers: str) -> Response:
        return asyncio.run(self.product.handle(self.request(feed, query, signed=signed, **headers)))

    def request(self, feed: str, query: str, *, signed: bool = True, **headers: str) -> Request:
        path = self.product.words.get("paths", {}).get(feed, feeds()[feed].path)
        path = self.product.words.get("url", "").removeprefix("{url}") + path
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if signed:
            query, more = self._sign(path, query)
            given |= more
        number, self.product.asked = self.product.asked, self.product.asked + 1
        return Request(path=path, query=query, headers=given, now=self.product.now(), number=number)

    def _sign(self, path: str, query: str) -> tuple[str, dict[str, str]]:
        auth = self.product.words["auth"]
        if auth["scheme"] == "oauth2":
            form = f"client_id={auth['client_id']}&client_secret={auth['client_secret']}"
            asked = Request(path="/oauth/token", query=form, headers={}, now=self.product.now())
            token = json.loads(self.product.answer(asked).body).get("access_token")
            return query, {"authorization": f"Bearer {token}"}
        signed = schemes.signer(auth).sign(path, query)
        return signed.query, {name.lower(): value for name, value in signed.headers.items()}

    def rows(self, feed: str, start: datetime, end: datetime, accept: str = "text/csv") -> list[Row]:
        """The rows of a window under the contract's names."""
        response = self.window(feed, start, end, accept=accept)
        assert response.status == 200, response
        theirs = self.product.words.get("columns", {}).get(feed, {})
        ours = {there: here for here, there in theirs.items()}
        return [{ours.get(name, name): value for name, value in row.items()} for row in rows_of(response)]


def body_of(response: Response) -> bytes:
    if response.headers.get("content-encoding") == "gzip":
        return gzip.decompress(response.body)
    return response.body


def rows_of(response: Response) -> list[Row]:
    if "json" in response.headers["content-type"]:
        return _json_rows(body_of(response))
    header, *lines = csv.read([body_of(response)])
    return [dict(zip(map(str, header), line, strict=True)) for line in lines]


def _json_rows(body: bytes) -> list[Row]:
    found = json.loads(body, parse_float=str, parse_int=str)
    while isinstance(found, dict):
        found = next(iter(found.values()))
    return [{name: _text(value) for name, value in row.items()} for row in found]


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(value)
    return None if value is None else str(value)


def judged(feed: str, rows: list[Row], folder: Path) -> set[str]:
    """The codes that the contract's judge finds in rows of one answer; `folder` is for its input."""
    if not rows:
        return set()
    contract, columns = feeds()[feed], [name for name in rows[0] if name in feeds()[feed].fields]
    file = folder / f"{feed}.ndjson"
    file.write_text("".join(json.dumps({"_n": n, **row}) + "\n" for n, row in enumerate(rows)))
    types = "{'_n': 'BIGINT', " + ", ".join(f"'{name}': 'VARCHAR'" for name in columns) + "}"
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE answer AS FROM read_json('{file}', columns = {types})")
        flags = database.execute(judge.suspects(contract, "answer", columns)).fetchone()
        only = {name for name, flag in zip([n for n in contract.fields if n in columns], flags, strict=True) if flag}
        if not only and set(contract.required) <= set(columns):
            return set()
        violations = judge.violations(contract, "answer", columns, only)
        found = database.execute(f"SELECT DISTINCT code FROM ({violations})").fetchall()
    return {code for (code,) in found}


Said = list[tuple[str, Response]]


def transcript(product: Product) -> Said:
    """What a product says to a fixed list of questions, with the feed of each: a client's whole view of it."""
    caller, clock = Caller(product), product._clock
    assert isinstance(clock, Clock)
    product.hold_seconds = 0.0  # of those that mind how many ask at once: the burst asks in one go
    said = [
        *_tokens(caller),
        *_windows(caller),
        *_edges(caller),
        *_oddities(caller),
        *_strangers(caller),
        *asyncio.run(_burst(caller)),
    ]
    clock.now += timedelta(seconds=30)
    return [*said, *_windows(caller)]


def _now(caller: Caller) -> datetime:
    return caller.product._clock().replace(microsecond=0)


def _windows(caller: Caller) -> Said:
    now = _now(caller)
    spans = [
        (now - HOUR, now),
        (now - timedelta(minutes=7), now - timedelta(minutes=5)),
        (now - timedelta(seconds=100), now),
        (now.replace(second=0) - timedelta(seconds=1), now.replace(second=0)),
        (now + timedelta(minutes=5), now + 6 * HOUR),
        (datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, 0, 1, tzinfo=UTC)),
    ]
    accepts = ("text/csv", "application/json")
    return [
        (feed, caller.window(feed, start, end, accept=accept, accept_encoding="gzip"))
        for feed in feeds()
        for start, end in (*spans, *([(now - 24 * HOUR, now)] if feed == "logins" else []))
        for accept in (accepts if end - start < HOUR / 30 else accepts[:1])
    ]


def _edges(caller: Caller) -> Said:
    """The seconds before and at real stamps of each feed, whole seconds first."""
    now, second = caller.product.now(), timedelta(seconds=1)
    said = []
    for feed in feeds():
        rows = caller.product.world.read(feed, now - 3600 * SECOND, now, now)
        for row in sorted(rows, key=lambda row: (row.at % SECOND > 0, row.number))[:2]:
            at = moment(row.at - row.at % SECOND)
            said += [(feed, caller.window(feed, at - second, at)), (feed, caller.window(feed, at, at + second))]
    return said


def _tokens(caller: Caller) -> Said:
    form = "client_id={client_id}&client_secret={client_secret}"
    query = form.format_map({"client_id": USER, "client_secret": PASSWORD})
    request = Request(path="/oauth/token", query=query, headers={}, now=caller.product.now())
    return [("", caller.product.answer(request))]


def _oddities(caller: Caller) -> Said:
    now = _now(caller)
    hour, second = (plain(now - HOUR), plain(now)), plain(now.replace(second=0))
    queries = [
        f"from={hour[0]}&to={hour[1]}".replace(" ", "+"),
        f"from={hour[1]}&to={hour[0]}".replace(" ", "%20"),
        f"from={second}&to={second}".replace(" ", "%20"),
        f"from={hour[0]}&to={hour[1]}&_=1".replace(" ", "%20"),
        f"from={hour[0]}%2B03:00&to={hour[1]}%2B03:00".replace(" ", "T"),
        "from=yesterday&to=today",
        "",
    ]
    return [(feed, caller.ask(feed, query)) for feed in ("players", "transactions") for query in queries]


def _strangers(caller: Caller) -> Said:
    query = _hour(caller)
    wrong = [
        {},
        {"authorization": "Basic Y3JtOnpvby03ZjNhOTFjMmRY"},  # crm, and a password whose end is wrong
        {"authorization": "Basic Y3JtOm5vdGhpbmc="},  # crm:nothing
        {"authorization": "Bearer nothing"},
    ]
    return [(feed, caller.ask(feed, query, signed=False, **headers)) for feed in feeds() for headers in wrong]


async def _burst(caller: Caller) -> Said:
    requests = [caller.request(feed, _hour(caller)) for feed in feeds()]
    said = await asyncio.gather(*map(caller.product.handle, requests))
    return list(zip(feeds(), said, strict=True))


def _hour(caller: Caller) -> str:
    return f"from={plain(_now(caller) - HOUR)}&to={plain(_now(caller))}".replace(" ", "%20")
