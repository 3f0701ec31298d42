"""Which views for people a mirror should have, from what is in it: `contract/people.py` writes them."""

from collections import defaultdict

from halfopen.contract.people import (
    CURRENT,
    KINDS,
    MOST_COLUMNS,
    Custom,
    can_be_column,
    form,
    players_current,
    players_of,
    view_names,
)
from halfopen.contract.sql import literal
from halfopen.sinks.database import Database

LOOKED_AT = 100_000
"""Rows of players whose custom fields are looked at: opening a mirror of millions must not read all of them."""
_SOURCES = {
    "duckdb": (
        "(SELECT product, unnest(map_keys(m)) AS name, unnest(map_values(m)) AS value FROM (SELECT product,"
        f" custom::MAP(VARCHAR, VARCHAR) AS m FROM players WHERE custom IS NOT NULL LIMIT {LOOKED_AT}) c)"
    ),
    "postgresql": (
        f"(SELECT product, key AS name, value FROM (SELECT product, custom FROM players WHERE custom IS NOT NULL"
        f" LIMIT {LOOKED_AT}) c, jsonb_each_text(c.custom))"
    ),
}


def views(database: Database, dialect: str, *, has_players: bool) -> dict[str, str]:
    """Statements by the view's name; those of products only where players have custom fields."""
    wanted = {CURRENT: players_current(dialect)}
    if has_players:
        customs = _customs(database, dialect)
        names = view_names(customs)
        wanted |= {
            names[product]: players_of(names[product], product, customs[product], dialect) for product in customs
        }
    return wanted


def _customs(database: Database, dialect: str) -> dict[str, list[Custom]]:
    """Custom fields by product, in the order of their names, each with the narrowest kind that all its values have."""
    match = "regexp_full_match(value, {})" if dialect == "duckdb" else "value ~ {}"
    fits = ", ".join(f"bool_and({match.format(literal(form(kind)))})" for kind in KINDS)
    rows = database.rows(
        f"SELECT product, name, {fits} FROM {_SOURCES[dialect]} v WHERE value <> ''"
        " GROUP BY product, name ORDER BY 1, 2"
    )
    found: dict[str, list[Custom]] = defaultdict(list)
    for product, name, *flags in rows:
        if can_be_column(name) and len(found[product]) < MOST_COLUMNS:
            kind = next((kind for kind, flag in zip(KINDS, flags, strict=True) if flag), "text")
            found[product].append(Custom(name=name, kind=kind))
    return {product: customs for product, customs in found.items() if customs}
