"""All 13 feeds in one SQLite file, each with one good row, and the sections that serve them."""

from pathlib import Path

from halfopen.contract.load import feeds
from halfopen.contract.model import Field, Kind
from support.serving import database, insert

TOKEN = "t0ken-that-opens-an-account"
VALUES = {
    Kind.STRING: "a",
    Kind.INTEGER: 12,
    Kind.DECIMAL: "1.50",
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


def value(field: Field) -> object:
    if field.secret:
        return TOKEN
    return next(iter(field.values)) if field.kind is Kind.CHOICE else VALUES[field.kind]


def thirteen(folder: Path, rows: int = 1) -> str:
    """Fills operator.sqlite in `folder`; the sections of halfopen.toml."""
    path = database(folder, **{f"t_{name}": ", ".join(feed.fields) for name, feed in feeds().items()})
    for name, feed in feeds().items():
        insert(path, f"t_{name}", [[value(field) for field in feed.fields.values()]] * rows)
    ready = {"game_activity": 'rollup = {{ table = "{}" }}'}
    return "\n".join(
        f"[serve.feeds.{name}]\n" + ready.get(name, 'table = "{}"').format(f"t_{name}") for name in feeds()
    )
