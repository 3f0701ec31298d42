"""A proposal that needs several tables as one SELECT: joins along the paths, parts as a union. Pure."""

from collections.abc import Iterable
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Kind
from halfopen.serve.init.expression import Choice, Ref, name, table_name
from halfopen.serve.init.links import Path
from halfopen.serve.init.proposal import Part, Proposal

_TYPES: Final = {
    Kind.DATETIME: "timestamp",
    Kind.DATE: "date",
    Kind.DECIMAL: "numeric",
    Kind.INTEGER: "bigint",
    Kind.BOOLEAN: "boolean",
}


def select(engine: str, proposal: Proposal) -> str:
    """The SELECT, its columns called as the feed's fields."""
    several = len(proposal.parts) > 1
    fields = [
        field
        for field in dict.fromkeys(field for part in proposal.parts for field in part.choices)
        if field not in proposal.todo
    ]
    divided = _divided(proposal) if several else frozenset()
    return "\nunion all\n".join(
        _part(engine, proposal.feed, part, fields, divided, several=several) for part in proposal.parts
    )


def _divided(proposal: Proposal) -> frozenset[str]:
    """Amounts whose parts count in different units: they are divided in SQL."""
    divisors: dict[str, set[int | None]] = {}
    for part in proposal.parts:
        for field, choice in part.choices.items():
            divisors.setdefault(field, set()).add(choice.divisor)
    return frozenset(field for field, found in divisors.items() if len(found) > 1)


def _part(engine: str, feed: str, part: Part, fields: Iterable[str], divided: frozenset[str], *, several: bool) -> str:
    aliases = _aliases(part)

    def shown(ref: Ref) -> str:
        return f"{name(aliases[ref.path])}.{name(ref.column)}"

    lines = []
    for field in fields:
        kind = _kind(feed, field)
        choice = part.choices.get(field)
        if choice is None:
            sql = f"cast(null as {_TYPES.get(kind, 'text')})"
        else:
            sql = choice.expression.sql(shown)
            if field in divided and choice.divisor:
                sql = f"({sql}) / {choice.divisor}.0"
            if several and kind not in _TYPES and not sql.startswith(("'", "cast(")):
                sql = f"cast({sql} as text)"
        lines.append(f"  {sql} as {name(field)}")
    text = "select\n" + ",\n".join(lines)
    text += f"\nfrom {_from(engine, part.table, aliases[()])}"
    for path, alias in aliases.items():
        if path:
            link = path[-1]
            before = f"{name(aliases[path[:-1]])}.{name(link.column)}"
            after = f"{name(alias)}.{name(link.target_column)}"
            text += f"\nleft join {_from(engine, link.target, alias)} on {after} = {before}"
    where = " and ".join(filter_.expression.sql(shown) for filter_ in part.where)
    return f"{text}\nwhere {where}" if where else text


def _kind(feed: str, field: str) -> Kind:
    if field == "amount":
        return Kind.DECIMAL
    described = feeds()[feed].fields.get(field)
    return described.kind if described else Kind.STRING


def _from(engine: str, table: str, alias: str) -> str:
    shown = table_name(table, engine)
    return shown if shown == name(alias) else f"{shown} as {name(alias)}"


def _aliases(part: Part) -> dict[Path, str]:
    """A name for the table and for the end of every path, each path's beginnings before it."""
    found: dict[Path, str] = {(): _short(part.table)}
    expressions = [choice.expression for choice in _ordered(part)] + [f.expression for f in part.where]
    for expression in expressions:
        for path in expression.paths:
            for end in range(1, len(path) + 1):
                if path[:end] not in found:
                    found[path[:end]] = _free(_short(path[end - 1].target), set(found.values()))
    return found


def _ordered(part: Part) -> list[Choice]:
    return list(part.choices.values())


def _short(table: str) -> str:
    return table.rpartition(".")[2]


def _free(wanted: str, taken: set[str]) -> str:
    number = 2
    alias = wanted
    while alias in taken:
        alias, number = f"{wanted}_{number}", number + 1
    return alias
