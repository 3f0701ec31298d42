"""What identifies a row, and pointers at other feeds' rows. Pure."""

from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Kind
from halfopen.serve.init.expression import Choice, Expression, column, together
from halfopen.serve.init.links import Link, Path
from halfopen.serve.init.own import REQUIRED
from halfopen.serve.init.scope import A_STEP, Scope
from halfopen.sources.schema import Column, Family, Table

_MAYBE: Final = 0.9
_FAR: Final = 2


def key(scope: Scope, feed: str, table: Table) -> Choice | None:
    """What identifies a row: the primary key, else the column that is called so."""
    if len(table.primary_key) == 1:
        return Choice(column(table.primary_key[0]), 1.0, "primary key")
    if table.primary_key:
        parts: list[Expression | str] = [column(table.primary_key[0])]
        for part in table.primary_key[1:]:
            parts += ["-", column(part)]
        return Choice(together(*parts), 0.8, "primary key of several columns", "one text is made of them")
    best = scope.matcher.best(feed, feeds()[feed].key, table)
    if best is None:
        return None
    return Choice(column(best.column.name), best.score, best.ground).doubted("the table has no primary key")


def reference(scope: Scope, feed: str, name: str, target: str, table: Table) -> Choice | None:
    """A pointer at another feed's row: through links to that feed's table, else by its name alone."""
    role, key = scope.roles.get(target), scope.keys.get(target)
    if role is None or key is None:
        return _by_name_alone(scope, feed, name, table, target)
    if role == table.name:
        return Choice(column(key), 1.0, f"the row is the {target[:-1]}'s own: its key")
    best = None
    for path in scope.links.paths(table.name):
        if path[-1].target != role or any(_is_other_person(scope, link) for link in path[:-1]):
            continue
        choice = _along(scope, feed, name, path, key)
        if best is None or choice.score > best.score:
            best = choice
    if best is None:
        best = _backwards(scope, table, role, key) or _by_name_alone(scope, feed, name, table, target)
    return best


def _along(scope: Scope, feed: str, name: str, path: Path, key: str) -> Choice:
    last = path[-1]
    expression = column(last.column, path[:-1]) if last.target_column == key else column(key, path)
    said = _said(scope, feed, name, path[0])
    score = (0.8 + 0.2 * said) * A_STEP ** (len(path) - 1) * (1.0 if last.declared else 0.95)
    if any(_may_be_null(scope, link) for link in path):
        score *= _MAYBE
    choice = Choice(expression, round(score, 4), ", ".join(link.ground for link in path))
    return choice if len(path) <= _FAR else choice.doubted("it is a long way round")


def _may_be_null(scope: Scope, link: Link) -> bool:
    found = scope.table(link.table).column(link.column)
    return found is None or found.null_share > 0


def _said(scope: Scope, feed: str, name: str, link: Link) -> float:
    phrases = scope.vocabulary.feeds[feed].fields.get(name, ())
    variants = [
        tuple(word for word in variant if word not in ("id", "key", "uuid", "code"))
        for variant in scope.links.names.columns(link.table, link.column)
    ]
    return max(0.0, scope.matcher.by_name(phrases, variants, Kind.STRING)[0])


def _is_other_person(scope: Scope, link: Link) -> bool:
    """A way over somebody else's row (who made it, who allowed it) leads to the wrong player."""
    return link.target == scope.roles.get("players") or link.backwards


def _backwards(scope: Scope, table: Table, role: str, key: str) -> Choice | None:
    for path in scope.links.paths(table.name, 1, backwards=True):
        if path[-1].target == role:
            return Choice(column(key, path), 0.8, path[-1].ground)
    return None


def _by_name_alone(scope: Scope, feed: str, name: str, table: Table, target: str) -> Choice | None:
    phrases = scope.vocabulary.feeds[feed].fields.get(name, ())
    best: tuple[float, Column] | None = None
    for col in table.columns:
        if col.family in (Family.STAMP, Family.DATE, Family.BOOLEAN, Family.DECIMAL, Family.BYTES):
            continue
        for variant in scope.links.names.columns(table.name, col.name):
            if len(variant) > 1 and variant[-1] in ("id", "key", "uuid", "number", "code"):
                worth = scope.matcher.by_name(phrases, [variant[:-1], variant], Kind.STRING)[0]
                if best is None or worth > best[0]:
                    best = (worth, col)
    if best is None or best[0] < REQUIRED:
        return None
    return Choice(column(best[1].name), best[0] * 0.8, "name").doubted(f"nothing says that it points at {target}")
