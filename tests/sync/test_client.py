"""A clean end or no answer, over real sockets."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from halfopen.config.dialect import PLAIN, Dialect
from halfopen.config.product import ProductConfig
from halfopen.errors import SinkError
from halfopen.sync.client import ProductClient
from halfopen.sync.fetched import Fetched
from halfopen.sync.refusal import Refusal
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.faulty import ANSWERS, BAD, ODD, Fault, FaultyProduct, Truth, csv_of, send

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = Window(NOON, NOON + timedelta(hours=1))
MINUTE = Window(NOON, NOON + timedelta(minutes=1))
SECRET = "s3cret:with/colon"


def truth(count: int = 40) -> Truth:
    made = Truth("logins")
    for number in range(count):
        values = {"id": f"login-{number}", "player_id": "p, 1", "user_agent": 'a "quoted"\nline; é'}
        made.put(values, NOON + timedelta(seconds=number))
    return made


@pytest.fixture
async def product() -> AsyncIterator[FaultyProduct]:
    async with FaultyProduct([truth()]) as running:
        yield running


class Asker:
    """A client of its own for each test, with a spool."""

    def __init__(self, product: FaultyProduct, spool: Path) -> None:
        self.product = product
        self.body = spool / "body"
        self.auth = {"scheme": "basic", "user": "intarget", "password": SECRET}

    async def fetch(self, window: Window = HOUR, *, times: int = 1, **more: object) -> Fetched:
        config = ProductConfig(name="casino", **{"url": self.product.url, "auth": self.auth, **more})
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            client = ProductClient(config, session, lambda: datetime.now(UTC))
            for _ in range(times - 1):
                await client.fetch("logins", window, self.body)
            return await client.fetch("logins", window, self.body)


@pytest.fixture
def asker(product: FaultyProduct, tmp_path: Path) -> Asker:
    return Asker(product, tmp_path)


def whole(product: FaultyProduct) -> bytes:
    only = product.truths["/api/logins"]
    return csv_of("logins", only.window(HOUR.start, HOUR.end, datetime.now(UTC)))


async def test_a_whole_answer_is_spooled_and_digested(product: FaultyProduct, asker: Asker) -> None:
    got = await asker.fetch()
    assert got.body.read_bytes() == whole(product)
    assert got.digest == hashlib.sha256(whole(product)).hexdigest()
    assert got.format is Format.CSV
    assert got.size == len(whole(product))
    assert got.server_date is not None
    assert abs(got.server_date - datetime.now(UTC)) < timedelta(seconds=5)
    assert got.asked_at <= got.fetched_at
    assert product.seen_targets == ["/api/logins?from=2026-03-01%2012:00:00&to=2026-03-01%2013:00:00"]
    assert product.seen_headers[0]["accept"].startswith("text/csv")
    assert "gzip" in product.seen_headers[0]["accept-encoding"]


async def test_a_blank_is_sent_as_configured(product: FaultyProduct, asker: Asker) -> None:
    await asker.fetch(space="+")
    assert product.seen_targets == ["/api/logins?from=2026-03-01+12:00:00&to=2026-03-01+13:00:00"]


SEEN_LATER = {Fault.WRONG_CHARSET}  # by whoever reads the rows
REFUSED = [fault for fault in BAD if fault not in SEEN_LATER]


@pytest.mark.parametrize("fault", REFUSED)
async def test_what_is_not_whole_is_refused(product: FaultyProduct, asker: Asker, fault: Fault) -> None:
    product.faults = lambda _number, _feed: fault
    with pytest.raises(Refusal) as caught:
        await asker.fetch()
    text = str(caught.value)
    assert text.startswith("casino logins 2026-03-01 12:00:00 to 2026-03-01 13:00:00: ")
    assert "\n" not in text
    assert SECRET not in text
    assert "aW50YXJnZXQ6" not in text, "the Basic header was echoed by the product"


@pytest.mark.parametrize("fault", [fault for fault in ODD if fault is not Fault.DUPLICATES])
async def test_what_is_odd_but_whole_is_taken(product: FaultyProduct, asker: Asker, fault: Fault) -> None:
    product.faults = lambda _number, _feed: fault
    got = await asker.fetch(format="auto")
    if fault is Fault.JSON:
        assert got.format is Format.NDJSON
        assert got.body.read_bytes().count(b"\n") == 40
    else:
        assert got.body.read_bytes() == whole(product)
    assert got.requests == (2 if fault is Fault.CLOSE else 1)
    assert bool(got.notes) == (fault is Fault.CLOSE)


async def test_retry_after_and_status_are_told(product: FaultyProduct, asker: Asker) -> None:
    product.faults = lambda _number, _feed: Fault.TOO_MANY
    product.retry_after = "7"
    with pytest.raises(Refusal) as caught:
        await asker.fetch()
    assert (caught.value.status, caught.value.retry_after) == (429, timedelta(seconds=7))
    assert not caught.value.narrower


async def test_nobody_there(asker: Asker) -> None:
    with pytest.raises(Refusal, match=r"cannot connect to 127\.0\.0\.1:1: .*check the product's url") as caught:
        await asker.fetch(url="http://127.0.0.1:1")
    assert caught.value.hopeless


async def test_no_content_is_no_rows(product: FaultyProduct, asker: Asker) -> None:
    product.faults = lambda _number, _feed: Fault.NO_CONTENT
    got = await asker.fetch()
    assert (got.size, got.notes) == (0, ())
    assert got.format is Format.NDJSON, "no header row is to be expected, so none is missed"


@pytest.mark.parametrize("window", [HOUR, MINUTE])
@pytest.mark.parametrize("format_", ["csv", "json", "ndjson", "auto"])
async def test_no_bytes_are_no_answer_however_often_they_come(
    product: FaultyProduct, tmp_path: Path, format_: str, window: Window
) -> None:
    product.faults = lambda _number, _feed: Fault.NO_BYTES
    config = ProductConfig(name="casino", url=product.url, format=format_)
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        client = ProductClient(config, session, lambda: datetime.now(UTC))
        for _ in range(7):
            with pytest.raises(
                Refusal, match=r"zero bytes.* set empty_body = true in \[products\.casino\.dialect\]$"
            ) as caught:
                await client.fetch("logins", window, tmp_path / "body")
            assert (caught.value.status, caught.value.narrower) == (200, True)
            assert caught.value.too_big == (window is HOUR)
        assert not client.breaker.is_open, "one feed without bytes says nothing of the others"
    assert len(product.asked) == 7


@pytest.mark.parametrize("format_", ["csv", "json", "auto"])
async def test_no_bytes_are_no_rows_where_that_is_declared(product: FaultyProduct, asker: Asker, format_: str) -> None:
    product.faults = lambda _number, _feed: Fault.NO_BYTES
    got = await asker.fetch(format=format_, dialect=Dialect(empty_body=True))
    assert (got.size, got.requests, got.notes) == (0, 1, ())
    assert got.format is (Format.NDJSON if format_ == "json" else Format.CSV)


async def test_a_connection_that_ends_without_a_byte_is_never_no_rows(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    product.faults = lambda _number, _feed: Fault.CLOSE
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: b"")
    for dialect in (PLAIN, Dialect(empty_body=True)):
        with pytest.raises(Refusal, match="zero bytes") as caught:
            await asker.fetch(dialect=dialect)
        assert caught.value.narrower
    assert len(product.asked) == 2


@pytest.mark.parametrize("window", [HOUR, MINUTE])
async def test_a_page_in_place_of_many_rows_may_do_better_in_a_narrower_window(
    product: FaultyProduct, tmp_path: Path, window: Window
) -> None:
    product.faults = lambda _number, _feed: Fault.HTML
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        client = ProductClient(
            ProductConfig(name="casino", url=product.url, format="csv"), session, lambda: datetime.now(UTC)
        )
        with pytest.raises(Refusal, match="a page in place of rows") as caught:
            await client.fetch("logins", window, tmp_path / "body")
    assert caught.value.narrower == (window is HOUR)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"id,player_id,created_at\r\n1,2,2026-03-01 12:00:00\r\n2,3", "breaks off in its last row"),
        (b'{"id": "1", "player_id": "2", "created_at": "2026-03-01 12:00:00"}\n{"error": "memory"}\n', "program"),
    ],
)
async def test_a_program_that_ended_in_the_midst_of_its_rows_has_not_answered(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, body: bytes, told: str
) -> None:
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: body)
    with pytest.raises(Refusal, match=told):
        await asker.fetch()


async def test_a_line_end_before_the_header_row_is_left_out(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"id,player_id,created_at\r\n1,2,2026-03-01 12:00:00\r\n"
    for before in (b"\n", b"\r\n\n", b"\xef\xbb\xbf\n"):
        monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows, before=before: before + rows)
        assert (await asker.fetch()).body.read_bytes() == rows


@pytest.mark.parametrize("body", [b"\n\n", b"\xef\xbb\xbf"])
async def test_blanks_are_no_answer_either(asker: Asker, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: body)
    with pytest.raises(Refusal, match="nothing but blanks") as caught:
        await asker.fetch(dialect=Dialect(empty_body=True))
    assert caught.value.narrower


async def test_a_vanished_header_row_is_asked_again(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "support.faulty.csv_of", lambda feed, _rows: csv_of(feed, []) if len(product.asked) < 2 else b""
    )
    got = await asker.fetch(times=2, dialect=Dialect(empty_body=True))
    assert len(product.asked) == 3
    assert got.requests == 2
    assert got.notes[0].startswith("empty_body")


async def test_what_comes_after_no_bytes_needs_an_end_too(product: FaultyProduct, asker: Asker) -> None:
    faults = [Fault.NONE, Fault.NO_BYTES, Fault.CUT_CLOSE]
    product.faults = lambda number, _feed: faults[min(number, 2)]
    with pytest.raises(Refusal, match="3 reads without Content-Length or chunks differ"):
        await asker.fetch(times=2, dialect=Dialect(empty_body=True))


async def test_an_answer_beyond_the_limit_is_too_big(product: FaultyProduct, tmp_path: Path) -> None:
    config = ProductConfig(name="casino", url=product.url)
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        client = ProductClient(config, session, lambda: datetime.now(UTC))
        with pytest.raises(Refusal) as caught:
            await client.fetch("logins", HOUR, tmp_path / "body", 1000)
    assert caught.value.too_big


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://elsewhere.example/api/logins?x=1", r"redirects to http://elsewhere\.example, where credentials"),
        ("https://127.0.0.1/", r"redirects to https://127\.0\.0\.1, where credentials"),
        ("/loop?from=2026-03-01+12:00:00&to=2026-03-01+13%3A00%3A00", "redirects more than 5 times"),
    ],
)
async def test_credentials_do_not_travel(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch, location: str, message: str
) -> None:
    async def moved(writer: object, _feed: object, _rows: object, _product: object) -> bool:
        return await send(writer, "302 Found", b"", {"Location": location})

    monkeypatch.setitem(ANSWERS, Fault.NONE, moved)
    monkeypatch.setitem(product.truths, "/loop", truth())
    product.truths["/loop"].feed = "logins"
    with pytest.raises(Refusal, match=message):
        await asker.fetch()
    assert len(product.seen_targets) == (5 if location.startswith("/loop") else 1)


async def test_a_redirect_within_the_product_is_followed(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def moved(writer: object, _feed: object, _rows: object, _product: object) -> bool:
        query = product.seen_targets[-1].partition("?")[2]
        return await send(writer, "307 Temporary Redirect", b"", {"Location": f"/v2/logins?{query}"})

    monkeypatch.setitem(ANSWERS, Fault.RESET, moved)
    product.faults = lambda number, _feed: Fault.RESET if number == 0 else Fault.NONE
    product.truths["/v2/logins"] = product.truths["/api/logins"]
    got = await asker.fetch()
    assert got.body.read_bytes() == whole(product)
    assert [target.partition("?")[0] for target in product.seen_targets] == ["/api/logins", "/v2/logins"]
    assert product.seen_headers[1]["authorization"] == product.seen_headers[0]["authorization"]


async def test_a_redirect_that_drops_the_window_is_refused(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def moved(writer: object, _feed: object, _rows: object, _product: object) -> bool:
        return await send(writer, "301 Moved Permanently", b"", {"Location": f"/new?password={SECRET}"})

    monkeypatch.setitem(ANSWERS, Fault.NONE, moved)
    with pytest.raises(Refusal, match=r"redirects without 'from' and 'to' as asked.*found '/new\?password=\*\*\*'"):
        await asker.fetch()
    assert len(product.seen_targets) == 1


async def test_a_redirect_with_blanks_is_sent_as_an_address(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def moved(writer: object, _feed: object, _rows: object, _product: object) -> bool:
        place = "/v2/logins?from=2026-03-01 12:00:00&to=2026-03-01 13:00:00"
        return await send(writer, "302 Found", b"", {"Location": place})

    monkeypatch.setitem(ANSWERS, Fault.RESET, moved)
    product.faults = lambda number, _feed: Fault.RESET if number == 0 else Fault.NONE
    product.truths["/v2/logins"] = product.truths["/api/logins"]
    assert (await asker.fetch()).body.read_bytes() == whole(product)
    assert product.seen_targets[1] == "/v2/logins?from=2026-03-01%2012:00:00&to=2026-03-01%2013:00:00"


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -0100", "Fri, 31 Dec 9999 23:59:59 GMT", "0 0 0 0 0"])
async def test_a_date_that_cannot_be_right_is_no_clock(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    async def dated(writer: object, _feed: object, _rows: object, _product: object) -> bool:
        return await send(writer, "200 OK", whole(product), {"Date": date})

    monkeypatch.setitem(ANSWERS, Fault.NONE, dated)
    got = await asker.fetch()
    assert (got.body.read_bytes(), got.server_date) == (whole(product), None)


async def test_a_link_to_a_next_page_makes_it_a_page(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def linked(writer: object, _feed: object, _rows: object, _product: object) -> bool:
        return await send(writer, "200 OK", whole(product), {"Link": '</api/logins?page=2>; rel="next"'})

    monkeypatch.setitem(ANSWERS, Fault.NONE, linked)
    with pytest.raises(
        Refusal, match=r'there is more behind it: set pages = { by = "link" }.* in \[products\.casino\.dialect\]'
    ):
        await asker.fetch()


@pytest.mark.parametrize(
    ("around", "message"),
    [
        ({"links": {"next": "/api/logins?page=2"}}, r'set pages = { by = "next", next = "links\.next" }'),
        ({"meta": {"has_more": True}}, "found 'meta.has_more': True"),
        ({"success": False}, "an envelope that says that it failed; found 'success': False"),
    ],
)
async def test_an_envelope_that_is_no_whole_answer_is_refused(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, around: dict[str, object], message: str
) -> None:
    body = json.dumps({"data": [ROW], **around}).encode()
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: body)
    with pytest.raises(Refusal, match=message):
        await asker.fetch()


@pytest.mark.parametrize("declared", [{}, {"dialect": Dialect(delimiter=";")}])
async def test_a_line_may_end_inside_of_the_name_of_a_column(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, declared: dict[str, object]
) -> None:
    body = b'"legacy\nid",id,player_id,created_at\n7,a,p,2026-03-01 12:00:00\n'
    sent = body.replace(b",", b";") if declared else body
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: sent)
    assert (await asker.fetch(**declared)).body.read_bytes() == body


async def test_a_secret_that_a_product_names_a_column_by_can_be_hidden(product: FaultyProduct) -> None:
    auth = {"scheme": "basic", "user": "intarget", "password": SECRET}
    config = ProductConfig(name="casino", url=product.url, auth=auth)
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        client = ProductClient(config, session, lambda: datetime.now(UTC))
        error = f"no column 'id' in 'player_id, {SECRET}'; say so"
        assert client.hidden(error) == "no column 'id' in 'player_id, ***'; say so"


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b"[]", 0),
        (b'{"data": []}', 0),
        (b'{"total": 1, "items": [{"id": "1", "amount": 12345678901234567.89}]}', 1),
        (b'{"id": "1"}\n{"id": "2"}\n', 2),
        (b'\xef\xbb\xbf[{"id": "1"}]', 1),
    ],
)
async def test_json_becomes_lines_of_texts(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, body: bytes, rows: int
) -> None:
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: body)
    got = await asker.fetch()
    assert got.format is Format.NDJSON
    lines = got.body.read_bytes().splitlines()
    assert len(lines) == rows
    assert all(b'"id":"' in line for line in lines)
    if b"12345678901234567.89" in body:
        assert b'"12345678901234567.89"' in lines[0]


@pytest.mark.parametrize("body", [b"null", b'{"ok": true}', b'{"data": null}', b'{"id": "1"', b"[1, 2]", b"\n\n"])
async def test_json_that_is_no_rows_is_refused(asker: Asker, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: body)
    with pytest.raises(Refusal):
        await asker.fetch()


ROW = {"id": "1", "player_id": "p", "created_at": "2026-03-01 12:00:00"}
MANY = 2000
"""Rows beyond what is read of a body to see what it is."""


def lines(count: int, **more: object) -> bytes:
    return b"".join(json.dumps({**ROW, "id": str(number), **more}).encode() + b"\n" for number in range(count))


@pytest.mark.parametrize("count", [1, 2, MANY])
@pytest.mark.parametrize("name", ["data", "items", "rows", "records", "result", "results"])
@pytest.mark.parametrize("value", [["x", "y"], [{"x": 1}], []])
async def test_lines_whose_rows_hold_a_list_are_rows(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, count: int, name: str, value: list[object]
) -> None:
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: lines(count, **{name: value}))
    got = await asker.fetch()
    assert got.body.read_bytes().count(b"\n") == count


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize(
    "before", [{}, {"id": 7, "status": "ok"}, {"errors": [], "tags": ["x"]}, {"note": "x" * 90_000}]
)
async def test_a_usual_envelope_is_seen_at_any_size(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, count: int, before: dict[str, object]
) -> None:
    body = json.dumps({**before, "result": [ROW] * count, "ok": True}).encode()
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: body)
    assert (await asker.fetch()).body.read_bytes().count(b"\n") == count


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize(
    ("wrap", "hint"),
    [
        (
            lambda rows: {"status": "ok", "data": {"items": rows}},
            'set rows = "data.items" in [products.casino.dialect]',
        ),
        (lambda rows: {"id": 7, "users": rows, "more": "x"}, 'set rows = "users" in [products.casino.dialect]'),
        (lambda rows: {"a": {"b": {"c": rows}}, "data": None}, 'set rows = "a.b.c" in [products.casino.dialect]'),
    ],
)
async def test_an_envelope_that_is_not_declared_is_told_with_the_key_to_set(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, count: int, wrap: Callable[[object], object], hint: str
) -> None:
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: json.dumps(wrap([ROW] * count)).encode())
    with pytest.raises(Refusal, match=re.escape(hint)):
        await asker.fetch()


async def test_where_no_rows_may_be_is_told_too(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: b'{"data": {"items": []}, "meta": {}}')
    with pytest.raises(Refusal, match=re.escape("an empty array at 'data.items': if its rows are there, set rows")):
        await asker.fetch()
    with pytest.raises(Refusal, match=re.escape('set rows.logins = "data.items" in [products.casino.dialect]')):
        await asker.fetch(dialect=Dialect(rows={"players": "users"}))


async def test_lines_that_name_no_field_are_refused(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: b'{"error": "down"}\n{"trace": "x"}\n')
    with pytest.raises(Refusal, match=r"lines of objects that name no field.*found 'error'"):
        await asker.fetch()


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_a_delimiter_that_is_not_declared_is_told_before_the_body(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    row = "Zoë;" * 40 + "\r\n"
    body = (";".join(f"{name}_of_the_player" for name in "abcdefghijklmnopqrst") + ";id\r\n" + row).encode(encoding)
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: body)
    with pytest.raises(Refusal) as caught:
        await asker.fetch()
    hint = 'delimiter = ";"' if encoding == "utf-8" else 'delimiter = ";" and encoding = "windows-1252" (or what'
    text = str(caught.value)
    assert f"set {hint}" in text
    assert "in [products.casino.dialect]; found 'a_of_the_player;" in text


SIGNED = {"scheme": "signature", "template": "{from}{to}{secret}", "secret": SECRET}


@pytest.mark.parametrize("status", ["500 Oops", "200 OK", "302 Found"])
async def test_a_signature_is_not_shown_when_it_comes_back(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    async def echoing(writer: object, _feed: object, _rows: object, product: FaultyProduct) -> bool:
        target = product.seen_targets[-1]
        location = {"Location": f"http://{target.rpartition('=')[2]}.example{target}"} if status[:3] == "302" else {}
        return await send(writer, status, f"at {target}".encode(), location)

    monkeypatch.setitem(ANSWERS, Fault.NONE, echoing)
    with pytest.raises(Refusal) as caught:
        await asker.fetch(auth=SIGNED)
    signature = product.seen_targets[-1].rpartition("&sign=")[2]
    assert len(signature) == 32
    assert signature not in str(caught.value)
    assert ("http://***.example" if status[:3] == "302" else "&sign=***") in str(caught.value)


async def test_a_redirect_to_no_address_is_refused(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def moved(writer: object, _feed: object, _rows: object, _product: object) -> bool:
        return await send(writer, "302 Found", b"", {"Location": "http://127.0.0.1:99999/"})

    monkeypatch.setitem(ANSWERS, Fault.NONE, moved)
    with pytest.raises(Refusal, match="redirects to what is no address"):
        await asker.fetch()


@pytest.mark.parametrize("format_", ["csv", "json"])
async def test_a_full_disk_is_the_mirrors_trouble_and_not_the_products(product: FaultyProduct, format_: str) -> None:
    config = ProductConfig(name="casino", url=product.url, format=format_)
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        client = ProductClient(config, session, lambda: datetime.now(UTC))
        with pytest.raises(SinkError, match="cannot spool an answer to /dev/full: No space left on device; make room"):
            await client.fetch("logins", HOUR, Path("/dev/full"))
