"""Views for people, as SQL: players with their contacts and balances, and a product's custom fields in their types."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from halfopen.contract.ddl import canonical
from halfopen.contract.load import feed as feed_of
from halfopen.contract.sql import json_path, literal, quote

CURRENT = "players_current"
LONGEST_NAME = 63
"""Bytes of a name that PostgreSQL keeps."""
MOST_COLUMNS = 300
_TAKEN = frozenset({CURRENT, "players_canonical"})
# Only days that there are: PostgreSQL fails on any other, and with it the view.
_DAY = (
    r"([1-9][0-9]{3}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
    r"|[1-9][0-9](0[48]|[2468][048]|[13579][26])-02-29)"
)
_TYPES = MappingProxyType(
    {
        "integer": ("BIGINT", r"^(0|-?[1-9][0-9]{0,17})$"),
        "decimal": ("DECIMAL(38,18)", r"^-?(0|[1-9][0-9]{0,19})([.][0-9]{1,18})?$"),
        "boolean": ("BOOLEAN", r"^(true|false)$"),
        "date": ("DATE", rf"^{_DAY}$"),
        "datetime": (
            "TIMESTAMP",
            rf"^{_DAY}[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{{1,6}})?$",
        ),
    }
)
"""Kinds that all values of a custom field may have, the narrowest first: type and form."""
KINDS = tuple(_TYPES)


@dataclass(frozen=True, kw_only=True)
class Custom:
    """A custom field of a product: its name, and its kind, of `KINDS` or text."""

    name: str
    kind: str


def form(kind: str) -> str:
    """The regular expression of a kind's values."""
    return _TYPES[kind][1]


def players_current(dialect: str = "duckdb") -> str:
    """`create view players_current`: a row for each player that is served, in canonical words.

    Beside the player's own fields stand those of `contacts` (under `contacts_...` where a name would come twice), how
    many wallets there are, and what is in them by currency, real money in `balances`, bonus money in `prize_balances`.
    """
    players, contacts, wallets = feed_of("players"), feed_of("contacts"), feed_of("wallets")
    own = [quote(name) for name in players.fields]
    theirs = [f"c.{quote(name)} AS {quote(_other_name(name))}" for name in contacts.fields if name != contacts.key]
    player = ", ".join(["product", *(canonical(field, name, dialect) for name, field in players.fields.items())])
    wallet = ", ".join(canonical(wallets.fields[name], name, dialect) for name in ("player_id", "type", "currency"))
    balances = ", ".join(
        f"{_BY_CURRENCY[dialect].format(kind=literal(kind))} AS {name}"
        for name, kind in (("balances", "Real"), ("prize_balances", "Prize"))
    )
    columns = ["p.product", *(f"p.{name}" for name in own), *theirs, "w.wallets", "w.balances", "w.prize_balances"]
    return (
        f"CREATE OR REPLACE VIEW {CURRENT} AS SELECT {', '.join(columns)}, p.custom, p._fetched_at FROM"
        f" (SELECT {player}, custom, _fetched_at FROM players WHERE _vanished_at IS NULL) p"
        " LEFT JOIN contacts c ON c.product = p.product AND c.player_id = p.id"
        " LEFT JOIN (SELECT product, player_id, sum(n)::bigint AS wallets, "
        f"{balances} FROM (SELECT product, player_id, type, currency, sum(balance) AS balance, count(*) AS n FROM"
        f" (SELECT product, {wallet}, balance FROM wallets WHERE _vanished_at IS NULL) one"
        " GROUP BY product, player_id, type, currency) sums GROUP BY product, player_id) w"
        " ON w.product = p.product AND w.player_id = p.id"
    )


def players_of(view: str, product: str, customs: Iterable[Custom], dialect: str = "duckdb") -> str:
    """`create view players_<product>`: a product's players with its custom fields as columns of their types.

    A value that does not fit its column's type is null there; `custom` has it.
    """
    taken = {name.casefold() for name in (*feed_of("players").fields, "product", "custom")}
    columns = ["product", *map(quote, feed_of("players").fields)]
    for custom in list(customs)[:MOST_COLUMNS]:
        name = _free(custom.name, taken)
        taken.add(name.casefold())
        columns.append(f"{_typed(custom, dialect)} AS {quote(name)}")
    columns += ["custom", "_window_start", "_window_end", "_fetched_at", "_seq", "_vanished_at"]
    select = f"SELECT {', '.join(columns)} FROM players WHERE product = {literal(product)}"
    return f"CREATE OR REPLACE VIEW {quote(view)} AS {select}"


def view_names(products: Iterable[str]) -> Mapping[str, str]:
    """A name for each product's view, none like another, whatever the case, and none longer than PostgreSQL keeps."""
    taken = set(_TAKEN)
    names = {}
    for product in sorted(products):
        names[product] = _free(f"players_{product}", taken)
        taken.add(names[product].casefold())
    return names


def can_be_column(name: str) -> bool:
    """Whether a custom field can be a column of its own; the others stay in `custom`."""
    plain = name.strip() and not set(name) & set('"\\') and name.isprintable()
    return bool(plain) and name not in feed_of("players").fields


def _other_name(name: str) -> str:
    return f"contacts_{name}" if name in feed_of("players").fields or name == "created_at" else name


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, or a shortened or marked one that is not taken; marked by what it is of, not by its place."""
    if len(name.encode()) <= LONGEST_NAME and name.casefold() not in taken:
        return name
    mark = f"_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return name.encode()[: LONGEST_NAME - len(mark)].decode(errors="ignore") + mark


def _typed(custom: Custom, dialect: str) -> str:
    if dialect == "postgresql":
        value = f"custom ->> {literal(custom.name)}"
        if custom.kind not in _TYPES:
            return value
        kind, pattern = _TYPES[custom.kind]
        return f"CASE WHEN {value} ~ {literal(pattern)} THEN ({value})::{kind} END"
    value = f"custom ->> {literal(json_path(custom.name))}"
    return f"TRY_CAST({value} AS {_TYPES[custom.kind][0]})" if custom.kind in _TYPES else value


_BY_CURRENCY = MappingProxyType(
    {
        "duckdb": "map_from_entries(list((currency, balance) ORDER BY currency) FILTER (WHERE type = {kind}))",
        "postgresql": "jsonb_object_agg(currency, balance) FILTER (WHERE type = {kind})",
    }
)
