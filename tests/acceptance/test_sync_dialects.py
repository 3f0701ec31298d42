"""Each dialect by itself: a small product that speaks it, pulled into a mirror and compared value by value."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from halfopen.config.product import read_product
from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.sync.puller import Puller
from halfopen.window.window import Window
from halfopen.wire.moment import parse, plain
from support.dialects import Question, speaking

START = parse("2026-03-01 12:00:00")
WINDOW = Window(START, START + timedelta(minutes=10))
COUNT = 21
"""No usual size of a page: such an answer is asked again in halves."""
AMOUNT = "12345678901234567.890000000000000001"
TEXT = 'Zoë; "Łódź", tab\there\nand €'
PLAYERS = (
    "id",
    "first_name",
    "registered_at",
    "is_blocked",
    "self_excluded",
    "birthday",
    "modified_at",
)


def player(number: int, **more: str | None) -> dict[str, str | None]:
    stamp = START + timedelta(seconds=number)
    return {
        "id": f"p{number}",
        "first_name": TEXT if number % 2 else "",
        "registered_at": "2025-12-31 23:59:59",
        "is_blocked": "true",
        "self_excluded": "false",
        "birthday": "1990-05-17",
        "modified_at": plain(stamp),
        **more,
    }


def csv(rows: list[dict[str, str | None]], delimiter: str = ",", end: str = "\r\n") -> str:
    names = list(rows[0])

    def cell(value: str | None) -> str:
        if value is None:
            return ""
        wild = not value or any(sign in value for sign in f'{delimiter}"\r\n')
        return '"' + value.replace('"', '""') + '"' if wild else value

    lines = [delimiter.join(names), *(delimiter.join(cell(row[name]) for name in names) for row in rows)]
    return end.join(lines) + end


def text(body: bytes | str, kind: str = "text/csv", **headers: str) -> web.Response:
    data = body.encode() if isinstance(body, str) else body
    return web.Response(body=data, headers={"Content-Type": kind, **headers})


async def pulled(
    tmp_path: Path, speak: Callable[[Question], web.Response], feed: str = "players", **words: Any
) -> dict[str, list[dict[str, Any]]]:
    """What the mirror, the quarantine, the findings and the ledger have after a backfill of `WINDOW`."""
    words.setdefault("feeds", [feed])
    patience = timedelta(seconds=words.pop("patience", 3))
    async with speaking(speak) as speaker:
        product = read_product("casino", {"url": speaker.url, **words}, "products.casino")
        sink = DuckDBSink(tmp_path / "mirror.duckdb")
        async with Puller({"casino": product}, sink, spool=tmp_path / "spool") as puller:
            left = await puller.backfill("casino", WINDOW, (), patience)
            found = {"asked": speaker.asked, "left": left}
            for name, table in {"rows": feed, "held": "halfopen.quarantine", "findings": "halfopen.findings",
                                "ledger": "halfopen.ledger"}.items():  # fmt: skip
                columns, records = await puller.query(f"select * from {table}")
                found[name] = [dict(zip(columns, record, strict=True)) for record in records]
    return found  # type: ignore[return-value]


def same(rows: list[dict[str, Any]], count: int = COUNT) -> None:
    """The players of `player`, as they should be in the mirror."""
    assert {row["id"] for row in rows} == {f"p{number}" for number in range(count)}
    for row in rows:
        number = int(row["id"][1:])
        assert row["first_name"] == (TEXT if number % 2 else "")
        assert row["registered_at"] == datetime(2025, 12, 31, 23, 59, 59)  # noqa: DTZ001 - the mirror's type
        assert (row["is_blocked"], row["self_excluded"]) == (True, False)
        assert str(row["birthday"]) == "1990-05-17"
        assert row["modified_at"].replace(tzinfo=UTC) == START + timedelta(seconds=number)


MANY = [player(number) for number in range(COUNT)]


def csv_with(delimiter: str, encoding: str = "utf-8", end: str = "\r\n") -> Callable[[Question], web.Response]:
    rows = [
        {name: v.replace("Łódź", "Lodz") if v and encoding == "cp1252" else v for name, v in row.items()}
        for row in MANY
    ]
    return lambda _question: text(csv(rows, delimiter, end).encode(encoding))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
async def test_delimiters(tmp_path: Path, delimiter: str, end: str) -> None:
    found = await pulled(tmp_path, csv_with(delimiter, end=end), dialect={"delimiter": delimiter})
    same(found["rows"])
    assert found["findings"] == found["held"] == []


async def test_a_delimiter_that_is_not_declared_is_told(tmp_path: Path) -> None:
    found = await pulled(tmp_path, csv_with(";"))
    assert found["rows"] == []
    assert found["left"]
    assert {line["state"] for line in found["ledger"]} == {"failed"}


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_a_product_that_runs_out_of_memory_over_wide_windows_loses_nothing(tmp_path: Path, kind: str) -> None:
    def speak(question: Question) -> web.Response:
        start, end = (parse(question.query[edge]) for edge in ("from", "to"))
        if end - start > timedelta(minutes=5):
            return text("")
        rows = [row for row in MANY if start <= parse(row["modified_at"] or "") < end]
        return text(json.dumps(rows)) if kind == "json" else text(csv(rows) if rows else ",".join(PLAYERS) + "\r\n")

    found = await pulled(tmp_path, speak, format=kind, patience=10)
    same(found["rows"])
    assert not found["left"]


async def test_no_bytes_are_owed_unless_they_are_declared_to_be_no_rows(tmp_path: Path) -> None:
    found = await pulled(tmp_path, lambda _q: text(""), patience=1.5)
    assert found["left"]
    assert {line["state"] for line in found["ledger"]} == {"failed"}
    (tmp_path / "declared").mkdir()
    found = await pulled(tmp_path / "declared", lambda _q: text(""), dialect={"empty_body": True})
    assert not found["left"]
    assert {line["state"] for line in found["ledger"]} == {"committed"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
async def test_a_mark_tells_the_encoding(tmp_path: Path, encoding: str) -> None:
    same((await pulled(tmp_path, csv_with(",", encoding)))["rows"])


async def test_json_with_a_mark_of_utf_16(tmp_path: Path) -> None:
    found = await pulled(tmp_path, lambda _q: text(json.dumps(MANY).encode("utf-16"), "application/json"))
    same(found["rows"])


@pytest.mark.parametrize(("encoding", "name"), [("cp1252", "windows-1252"), ("utf-16-le", "utf-16")])
async def test_declared_encodings(tmp_path: Path, encoding: str, name: str) -> None:
    found = await pulled(tmp_path, csv_with(",", encoding), dialect={"encoding": name})
    assert len(found["rows"]) == COUNT
    assert all("Zoë" in row["first_name"] and "€" in row["first_name"] for row in found["rows"] if row["first_name"])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            lambda rows: json.dumps({"data": {"items": rows, "total": COUNT}, "ok": True}),
            {"dialect": {"rows": "data.items"}},
        ),
        (lambda rows: json.dumps({"users": rows}), {"dialect": {"rows": {"players": "users"}}}),
        (lambda rows: json.dumps({"data": rows}), {}),
        (lambda rows: "".join(json.dumps(row) + "\n" for row in rows), {"format": "ndjson"}),
        (json.dumps, {"dialect": {"rows": "data.items"}}),
    ],
)
async def test_shapes_of_json(tmp_path: Path, body: Callable[[object], str], words: dict[str, Any]) -> None:
    found = await pulled(tmp_path, lambda _q: text(body(MANY), "application/json"), **words)
    same(found["rows"])
    assert found["findings"] == []


@pytest.mark.parametrize("number", [AMOUNT, f'"{AMOUNT}"'])
async def test_money_is_exact_as_number_and_as_text(tmp_path: Path, number: str) -> None:
    at = "2026-03-01 12:00:01"
    row = {"id": "w", "player_id": "p", "currency": "EUR", "type": "Real", "created_at": at, "modified_at": at}
    body = json.dumps({"data": {"items": [{**row, "balance": "BALANCE"}]}}).replace('"BALANCE"', number)
    found = await pulled(tmp_path, lambda _q: text(body), "wallets", dialect={"rows": "data.items"})
    assert [row["balance"] for row in found["rows"]] == [Decimal(AMOUNT)]


async def test_decimal_commas(tmp_path: Path) -> None:
    at = "2026-03-01 12:00:01"
    header = "id;player_id;balance;currency;type;created_at;modified_at"
    body = f"{header}\nw;p;{AMOUNT.replace('.', ',')};EUR;Real;{at};{at}\n"
    words = {"delimiter": ";", "decimal": ","}
    found = await pulled(tmp_path, lambda _q: text(body), "wallets", dialect=words)
    assert [row["balance"] for row in found["rows"]] == [Decimal(AMOUNT)]


@pytest.mark.parametrize(
    ("true", "false", "booleans"),
    [
        ("1", "", {"false": [""]}),
        ("Y", "n", {"true": ["y"], "false": ["N"]}),
        ("on", "off", {"true": ["on"], "false": ["off"]}),
        ("TRUE", "No", {}),
        ("t", "0", {}),
    ],
)
@pytest.mark.parametrize("form", ["csv", "json"])
async def test_booleans(tmp_path: Path, true: str, false: str, booleans: dict[str, Any], form: str) -> None:
    rows = [{**row, "is_blocked": true, "self_excluded": false} for row in MANY]
    body = csv([{**row, "self_excluded": false or None} for row in rows]) if form == "csv" else json.dumps(rows)
    found = await pulled(tmp_path, lambda _q: text(body), dialect={"booleans": booleans})
    same(found["rows"])
    assert found["findings"] == []


async def test_a_blank_is_null_where_nothing_is_declared(tmp_path: Path) -> None:
    rows = [{**row, "self_excluded": None} for row in MANY]
    found = await pulled(tmp_path, lambda _q: text(csv(rows)))
    assert {row["self_excluded"] for row in found["rows"]} == {None}


def stamped(form: Callable[[datetime], Any]) -> list[dict[str, Any]]:
    stamps = ("registered_at", "modified_at")
    return [{name: form(parse(v)) if name in stamps and v else v for name, v in row.items()} for row in MANY]


@pytest.mark.parametrize(
    ("form", "dialect"),
    [
        (lambda at: f"{at:%Y-%m-%dT%H:%M:%S}", {}),
        (lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z", {}),
        (lambda at: f"{at:%Y-%m-%d %H:%M:%S}.000000", {}),
        (lambda at: f"{at + timedelta(hours=3):%Y-%m-%dT%H:%M:%S}+03:00", {}),
        (lambda at: f"{at + timedelta(hours=3):%Y-%m-%dT%H:%M:%S}+03:00", {"timezone": "Europe/Riga"}),
        (lambda at: f"{at + timedelta(hours=2):%Y-%m-%d %H:%M:%S}", {"timezone": "Europe/Riga"}),
        (lambda at: int(at.timestamp()), {"stamps": "epoch_seconds"}),
        (lambda at: f"{at.timestamp():.3f}", {"stamps": "epoch_seconds"}),
        (lambda at: int(at.timestamp()) * 1000, {"stamps": "epoch_milliseconds"}),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_stamps(tmp_path: Path, form: Callable[[datetime], Any], dialect: dict[str, Any], kind: str) -> None:
    rows = stamped(form)
    body = (
        json.dumps(rows)
        if kind == "json"
        else csv([{n: v if v is None else str(v) for n, v in r.items()} for r in rows])
    )
    same((await pulled(tmp_path, lambda _q: text(body), dialect=dialect))["rows"])


async def test_windows_in_local_time(tmp_path: Path) -> None:
    found = await pulled(tmp_path, lambda _q: text(csv(MANY)), dialect={"window_timezone": "Europe/Riga"}, space="+")
    assert found["asked"][0].raw == "from=2026-03-01+14:00:00&to=2026-03-01+14:10:00"


def page_of(question: Question, size: int = 7) -> tuple[list[dict[str, Any]], int]:
    number = int(question.query.get("page", "1"))
    return MANY[(number - 1) * size : number * size], number


def by_link(question: Question) -> web.Response:
    rows, number = page_of(question)
    following = f"{question.path}?{question.raw.partition('&page')[0]}&page={number + 1}"
    more = {"Link": f'</x>; rel="prev", <{following}>; rel="next"'}
    return text(csv(rows), **(more if number < 3 else {}))


def by_word(question: Question) -> web.Response:
    rows, number = page_of(question)
    return text(json.dumps({"meta": {"next": number + 1 if number < 3 else None}, "data": rows}), "application/json")


def by_address(question: Question) -> web.Response:
    rows, number = page_of(question)
    query = f"{question.raw.partition('&page')[0]}&page={number + 1}"
    return text(json.dumps({"data": rows, "links": {"next": f"?{query}" if number < 3 else None}}), "application/json")


def by_number(question: Question) -> web.Response:
    rows, _ = page_of(question, int(question.query["per"]))
    return text(csv(rows) if rows else ",".join(PLAYERS) + "\r\n")


def by_offset(question: Question) -> web.Response:
    at = int(question.query.get("skip", "0"))
    return text(json.dumps(MANY[at : at + 6]), "application/json")


PAGED = [
    (by_link, {"by": "link"}, 3),
    (by_word, {"by": "next", "next": "meta.next", "parameter": "page"}, 3),
    (by_address, {"by": "next", "next": "links.next"}, 3),
    (by_number, {"by": "page", "parameter": "page", "size": 9, "size_parameter": "per"}, 4),
    (by_offset, {"by": "offset", "parameter": "skip"}, 5),
]


@pytest.mark.parametrize(("speak", "pages", "requests"), PAGED)
async def test_pages(
    tmp_path: Path, speak: Callable[[Question], web.Response], pages: dict[str, Any], requests: int
) -> None:
    found = await pulled(tmp_path, speak, dialect={"pages": pages, "rows": "data"})
    same(found["rows"])
    assert len(found["asked"]) == requests
    assert [line["rows"] for line in found["ledger"] if line["pass"] == 0] == [COUNT]


@pytest.mark.parametrize(("speak", "pages", "requests"), PAGED)
async def test_a_window_commits_with_its_last_page_only(
    tmp_path: Path, speak: Callable[[Question], web.Response], pages: dict[str, Any], requests: int
) -> None:
    asked = 0

    def failing(question: Question) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=500) if asked % requests == 0 else speak(question)

    found = await pulled(tmp_path, failing, dialect={"pages": pages, "rows": "data"}, patience=1.5)
    assert asked >= requests
    assert found["rows"] == []
    assert {line["state"] for line in found["ledger"]} == {"failed"}


async def test_a_product_that_ignores_the_page_is_refused(tmp_path: Path) -> None:
    pages = {"by": "page", "parameter": "page"}
    found = await pulled(tmp_path, lambda _q: text(csv(MANY)), dialect={"pages": pages}, patience=1.5)
    assert (found["rows"], bool(found["left"])) == ([], True)


async def test_a_catalogue_is_asked_whole_and_rarely(tmp_path: Path) -> None:
    body = "id,name\r\nb1,Welcome\r\nb2,Reload\r\n"
    found = await pulled(tmp_path, lambda _q: text(body), "bonus_list", catalogues=["bonus_list"])
    assert {row["id"] for row in found["rows"]} == {"b1", "b2"}
    assert [question.query["from"] for question in found["asked"]] == ["1970-01-01 00:00:00"]
