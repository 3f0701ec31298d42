"""A proposal that needs several tables as one SELECT: joins along the paths, parts as a union. Pure."""

from collections.abc import Iterable

from halfopen.contract.load import feeds
from halfopen.contract.model import Kind
from halfopen.serve.init.dialect import Dialect, dialect
from halfopen.serve.init.expression import Choice, Ref
from halfopen.serve.init.links import Path
from halfopen.serve.init.proposal import Part, Proposal


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
        _part(dialect(engine), proposal.feed, part, fields, divided, several=several) for part in proposal.parts
    )


def _divided(proposal: Proposal) -> frozenset[str]:
    """Amounts whose parts count in different units: they are divided in SQL."""
    divisors: dict[str, set[int | None]] = {}
    for part in proposal.parts:
        for field, choice in part.choices.items():
            divisors.setdefault(field, set()).add(choice.divisor)
    return frozenset(field for field, found in divisors.items() if len(found) > 1)


def _part(way: Dialect, feed: str, part: Part, fields: Iterable[str], divided: frozenset[str], *, several: bool) -> str:
    aliases = _aliases(part)

    def shown(ref: Ref) -> str:
        return f"{way.name(aliases[ref.path])}.{way.name(ref.column)}"

    lines = []
    for field in fields:
        kind = _kind(feed, field)
        choice = part.choices.get(field)
        if choice is None:
            sql = way.null(kind)
        else:
            sql = choice.expression.sql(shown, way)
            if field in divided and choice.divisor:
                sql = f"({sql}) / {choice.divisor}.0"
            if several and kind not in way.types and not sql.startswith(("'", "cast(")):
                sql = f"cast({sql} as {way.text})"
        lines.append(f"  {sql} as {way.name(field)}")
    text = "select\n" + ",\n".join(lines)
    text += f"\nfrom {_from(way, part.table, aliases[()])}"
    for path, alias in aliases.items():
        if path:
            link = path[-1]
            before = f"{way.name(aliases[path[:-1]])}.{way.name(link.column)}"
            after = f"{way.name(alias)}.{way.name(link.target_column)}"
            text += f"\nleft join {_from(way, link.target, alias)} on {after} = {before}"
    where = " and ".join(filter_.expression.sql(shown, way) for filter_ in part.where)
    return f"{text}\nwhere {where}" if where else text


def _kind(feed: str, field: str) -> Kind:
    if field == "amount":
        return Kind.DECIMAL
    described = feeds()[feed].fields.get(field)
    return described.kind if described else Kind.STRING


def _from(way: Dialect, table: str, alias: str) -> str:
    shown = way.table(table)
    return shown if shown == way.name(alias) else f"{shown} as {way.name(alias)}"


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
