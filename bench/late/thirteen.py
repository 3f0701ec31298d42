"""All 13 feeds as tables of PostgreSQL, made from the contract, and the SQL that writes to them."""

from halfopen.contract.ddl import column_type
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, Field, Kind

ACTIONS = "game_actions"
_TEXTS = {Kind.CURRENCY: "EUR", Kind.COUNTRY: "LV", Kind.LOCALE: "lv_LV", Kind.TIMEZONE: "Europe/Riga"} | {
    Kind.IP: "10.11.12.13", Kind.EMAIL: "somebody@example.com", Kind.PHONE: "+37120000000", Kind.DATE: "1985-07-10"
}  # fmt: skip


def names() -> list[str]:
    """A table a feed; game_activity's holds actions."""
    return [ACTIONS if name == "game_activity" else name for name in feeds()]


def schema() -> list[str]:
    """Statements that make the tables, each with an index on its cursor."""
    made = []
    for name, feed in feeds().items():
        if name == "game_activity":
            made.append(
                f"create table {ACTIONS} (id text primary key, session_id text, player_id text, kind text,"
                " amount numeric, created_at timestamptz)"
            )
            made.append(f"create index on {ACTIONS} (session_id)")
        else:
            types = {field: _type(found) for field, found in feed.fields.items()}
            columns = ", ".join(f"{field} {kind}" for field, kind in types.items())
            made.append(f"create table {name} ({columns}, primary key ({feed.key}))")
        made.append(f"create index on {table(feed)} ({_cursor(feed)})")
    return made


def mapping() -> str:
    """Their sections of halfopen.toml."""
    said = ""
    for name in feeds():
        said += f"[serve.feeds.{name}]\n"
        if name == "game_activity":
            said += 'columns = { player_id = "player_id", game_name = "\'Starfall\'", currency = "\'EUR\'" }\n'
            said += f'actions = {{ table = "{ACTIONS}", session_id = "session_id", kind = "kind", bet = "\'bet\'", '
            said += 'win = "\'win\'", amount = "amount", created_at = "created_at" }\n'
        else:
            said += f'table = "{name}"\n'
    return said


def inserting(feed: Feed, first: str, rows: str, stamp: str) -> str:
    """An INSERT of rows with the numbers that `first` (SQL) and `rows` (SQL) say, stamped by the SQL of `stamp`."""
    if feed.name == "game_activity":
        values = f"n::text, (n / 20)::text, 'p' || n % 5000, case n % 3 when 0 then 'win' else 'bet' end, 1.50, {stamp}"
    else:
        values = ", ".join(
            "n::text" if name == feed.key else stamp if name == _cursor(feed) else _value(name, field)
            for name, field in feed.fields.items()
        )
    return f"insert into {table(feed)} select {values} from generate_series({first}, {first} + {rows} - 1) n"


def updating(feed: Feed, keys: str, stamp: str) -> str:
    """An UPDATE of the rows with these keys (SQL literals with commas between)."""
    return f"update {table(feed)} set {_cursor(feed)} = {stamp} where {feed.key} in ({keys})"


def table(feed: Feed) -> str:
    """The table of a feed."""
    return ACTIONS if feed.name == "game_activity" else feed.name


def _cursor(feed: Feed) -> str:
    return "created_at" if feed.name == "game_activity" else feed.cursor


def _type(field: Field) -> str:
    return "timestamptz" if field.kind is Kind.DATETIME else column_type(field, "postgresql")


def _value(name: str, field: Field) -> str:
    if field.kind is Kind.CHOICE:
        return f"'{next(iter(field.values))}'"
    if field.kind is Kind.DATETIME:
        return "timestamptz '2026-01-01Z'"
    numbers = {Kind.INTEGER: "n % 97", Kind.DECIMAL: "n % 1000 + 0.50", Kind.BOOLEAN: "n % 2 = 0"}
    if field.kind in numbers:
        return numbers[field.kind]
    text = f"'{_TEXTS.get(field.kind, name)}'"
    return f"date {text}" if field.kind is Kind.DATE else text
