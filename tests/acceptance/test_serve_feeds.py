"""All 13 feeds over HTTP, in all formats, from tables that are named as the contract names things."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest

from halfopen.contract.load import feeds
from halfopen.contract.model import Field, Kind
from halfopen.serve.trial import trial
from halfopen.wire.negotiate import Format
from support.serving import AT, asked, configured, database, insert, served

VALUES = {
    Kind.STRING: 'a, "b"\nç',
    Kind.INTEGER: 12,
    Kind.DECIMAL: "12345678901234567890.123456789012345678",
    Kind.BOOLEAN: 1,
    Kind.DATETIME: "2024-05-01 00:00:30.999",
    Kind.DATE: "1985-07-10",
    Kind.CURRENCY: "EUR",
    Kind.COUNTRY: "LV",
    Kind.LOCALE: "lv_LV",
    Kind.TIMEZONE: "Europe/Riga",
    Kind.IP: "2001:db8::1",
    Kind.EMAIL: "a@example.com",
    Kind.PHONE: "+37120000000",
    Kind.URL: "https://example.com/",
}  # fmt: skip
WIRE = {Kind.BOOLEAN: "true", Kind.DATETIME: "2024-05-01 00:00:30"}
MINUTE = timedelta(minutes=1)


def value(field: Field) -> object:
    return next(iter(field.values)) if field.kind is Kind.CHOICE else VALUES[field.kind]


def shown(field: Field) -> str:
    return WIRE.get(field.kind, str(value(field)))


@pytest.fixture
def config(tmp_path):
    tables = {f"t_{name}": ", ".join(feed.fields) for name, feed in feeds().items()}
    path = database(tmp_path, **tables)
    for name, feed in feeds().items():
        empty = [
            value(field) if field.required or field_name == feed.cursor else None
            for field_name, field in feed.fields.items()
        ]
        insert(path, f"t_{name}", [[value(field) for field in feed.fields.values()], empty])
    ready = {"game_activity": 'rollup = {{ table = "{}" }}'}
    sections = [f"[serve.feeds.{name}]\n" + ready.get(name, 'table = "{}"').format(f"t_{name}") for name in feeds()]
    return configured(tmp_path, "\n".join(sections))


async def test_every_field_of_every_feed_in_every_format(config):
    async with served(config) as (_, client):
        for feed in feeds().values():
            bodies = {}
            for format_ in Format:
                async with client.get(asked(AT, AT + MINUTE, feed.path, f"&format={format_}")) as answer:
                    assert answer.status == 200, feed.name
                    bodies[format_] = await answer.text()
            rows = list(csv.DictReader(io.StringIO(bodies[Format.CSV], newline="")))
            assert list(rows[0]) == list(feed.fields)
            assert rows[0] == {name: shown(field) for name, field in feed.fields.items()}
            told = json.loads(bodies[Format.JSON], parse_float=Decimal)
            assert [
                {name: "" if v is None else str(v).replace("True", "true") for name, v in row.items()} for row in told
            ] == rows
            assert [json.loads(line, parse_float=Decimal) for line in bodies[Format.NDJSON].split("\n") if line] == told
            for field, v in zip(feed.fields.values(), told[0].values(), strict=True):
                kinds = {Kind.BOOLEAN: bool, Kind.DECIMAL: Decimal, Kind.INTEGER: int}
                assert isinstance(v, kinds.get(field.kind, str))


async def test_the_next_minute_is_empty_for_every_feed(config):
    async with served(config) as (_, client):
        for feed in feeds().values():
            async with client.get(asked(AT + MINUTE, AT + 2 * MINUTE, feed.path)) as answer:
                assert await answer.text() == ",".join(feed.fields) + "\r\n", feed.name


async def test_what_is_served_pleases_the_judge(config):
    async with served(config) as (server, _):
        assert len(server.offers.offered) == 13
        assert [verdict for verdict in await trial(server.source, server.offers) if verdict.is_fatal] == []
