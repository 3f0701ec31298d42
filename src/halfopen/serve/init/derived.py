"""What a row says without a column that says it: states by a status, a title by two sides, deleted rows. Pure."""

from halfopen.contract.model import Field, Kind
from halfopen.serve.init import codes
from halfopen.serve.init.expression import Choice, Expression, Ref, column, together
from halfopen.serve.init.facts import Look, is_code, looks
from halfopen.serve.init.facts import codes as codes_of
from halfopen.serve.init.match import Matcher
from halfopen.serve.init.proposal import Filter
from halfopen.sources.schema import Column, Family, Table


def states(matcher: Matcher, table: Table, found: dict[str, Choice]) -> None:
    """Blocked and excluded players, where only their status says so."""
    for name, words in (("is_blocked", "blocked"), ("self_excluded", "excluded")):
        for col in table.columns:
            if name in found and found[name].expression.refs[0].column != col.name:
                continue
            variants = matcher.links.names.columns(table.name, col.name)
            is_state = any({"status", "state"} & set(variant) for variant in variants)
            if not is_state or not is_code(col):
                continue
            meant = codes.documented(col)
            said = [
                value
                for value in dict.fromkeys((*codes_of(col), *meant))
                if matcher.vocabulary.meaning("players", words, meant.get(value, value))
            ]
            if said and name not in found:
                sql = column(col.name).within(f"{{0}} in ({codes.listed(said, col)})")
                choice = Choice(sql, 0.8, f"words of {col.name} that say so")
                short = any(len(meant.get(value, value)) == 1 for value in said)
                found[name] = choice.doubted("a single letter may mean something else") if short else choice


def two_sides(matcher: Matcher, table: Table) -> Choice | None:
    """A match is called by who meets whom."""
    sides = []
    for words in ({"home"}, {"away"}):
        side = _side(matcher, table, words)
        if side is None:
            return None
        sides.append(side)
    return Choice(together(sides[0], " - ", sides[1]), 0.8, "made of the two sides' names")


def _side(matcher: Matcher, table: Table, words: set[str]) -> Expression | None:
    """`home`, `home_team`, `home_team_id` -> teams.name."""
    for col in table.columns:
        variants = [set(variant) for variant in matcher.links.names.columns(table.name, col.name)]
        if not any(words <= variant and not variant & {"score", "goal", "odds", "point"} for variant in variants):
            continue
        link = next((one for one in matcher.links.of[table.name] if one.column == col.name and not one.backwards), None)
        if link is not None:
            names = matcher.ranked(
                matcher.vocabulary.reach["sport_name"].columns,
                _table(matcher, link.target),
                Field(kind=Kind.STRING, doc=""),
            )
            if names:
                return column(names[0].column.name, (link,))
        elif col.family is Family.TEXT:
            return column(col.name)
    return None


def soft_deletes(matcher: Matcher, table: Table) -> tuple[Filter, ...]:
    """Rows that the operator takes for deleted are not served."""
    idle = matcher.vocabulary.ignored["datetime"] | {"is", "flag", "indicator"}
    for col in table.columns:
        variants = [set(variant) for variant in matcher.links.names.columns(table.name, col.name)]
        if any(variant - idle == {"deleted"} for variant in variants):
            return (Filter(_alive(col), f"{col.name} marks deleted rows"),)
    return ()


def _alive(col: Column) -> Expression:
    if col.family is Family.BOOLEAN:
        if not col.nullable:
            return column(col.name).within("not {0}")
        return Expression("({0} is null or not {1})", (Ref(col.name), Ref(col.name)))
    if col.family is Family.INTEGER and all(str(value) in ("0", "1") for value in col.samples):
        return column(col.name).within("coalesce({0}, 0) = 0")
    if col.family is Family.TEXT and Look.FLAG in looks(col):
        return column(col.name).within("coalesce({0}, '') not in ('Y', 'y', 'T', 't', '1', 'true', 'yes')")
    return column(col.name).within("{0} is null")


def _table(matcher: Matcher, name: str) -> Table:
    found = matcher.links.schema.table(name)
    if found is None:
        raise KeyError(name)
    return found
