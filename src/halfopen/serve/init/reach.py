"""Fields that stand in rows which a row points at, and codes of look-up tables. Pure."""

from collections.abc import Iterable
from typing import Final

from halfopen.contract.model import Field, Kind
from halfopen.serve.init import codes
from halfopen.serve.init.expression import Choice, column
from halfopen.serve.init.links import Link, Path
from halfopen.serve.init.match import Candidate
from halfopen.serve.init.own import REQUIRED
from halfopen.serve.init.scope import A_STEP, Scope
from halfopen.serve.init.vocabulary import Phrase, Reach
from halfopen.sources.schema import Family, Table

_BACKWARDS: Final = 0.85
_THROUGH_PLAYER: Final = 0.9
_BY_WORDS: Final = 0.6


def reached(scope: Scope, feed: str, name: str, kind: Field, table: Table) -> Choice | None:
    """A field that stands in a row that this one points at."""
    key = "bet_type" if (feed, name) == ("sports_bets", "type") else name
    reaches = [scope.vocabulary.reach[each] for each in (key, f"{key}_of_game") if each in scope.vocabulary.reach]
    if not reaches or name == "type":
        return looked_up(scope, feed, name, kind, table) if kind.kind is Kind.CHOICE else None
    best = max(
        (choice for reach in reaches if (choice := _in_other_row(scope, name, kind, table, reach))),
        key=lambda choice: choice.score,
        default=None,
    )
    if best is None and name == "game_name":
        best = _named_thing(scope, table, reaches[0].columns, kind)
    return best if best is not None and best.score >= REQUIRED else None


def _in_other_row(scope: Scope, name: str, kind: Field, table: Table, reach: Reach) -> Choice | None:
    best: Choice | None = None
    for path in scope.links.paths(table.name, backwards=True):
        target = scope.table(path[-1].target)
        words = set(scope.links.names.tables[target.name])
        if reach.avoid & words or (reach.tables and not any(set(p.words) <= words for p in reach.tables)):
            continue
        for candidate in scope.matcher.ranked(reach.columns, target, kind):
            if name in ("game_name", "market") and candidate.column.family is Family.INTEGER:
                continue
            choice = _at_the_end(scope, path, candidate)
            if best is None or choice.score > best.score:
                best = choice
    return best


def _named_thing(scope: Scope, table: Table, phrases: tuple[Phrase, ...], kind: Field) -> Choice | None:
    """The nearest thing with a name that a round points at, where no table is called after games."""
    found: list[tuple[Path, Candidate]] = []
    for path in scope.links.paths(table.name):
        if found and len(path) > len(found[0][0]):
            break
        if {link.target for link in path} & set(scope.roles.values()):
            continue
        end = scope.table(path[-1].target)
        named = [c for c in scope.matcher.ranked(phrases, end, kind) if c.column.family is Family.TEXT]
        found += [(path, candidate) for candidate in named[:1]]
    if len(found) != 1:
        return None
    path, candidate = found[0]
    choice = _at_the_end(scope, path, candidate)
    return choice.doubted(f"taken for the game, for {path[-1].target} is the nearest that has a name", 0.8)


def _at_the_end(scope: Scope, path: Path, candidate: Candidate) -> Choice:
    score = 0.97 * candidate.score * A_STEP ** (len(path) - 1)
    through = {link.target for link in path}
    if scope.roles.get("players") in through:
        score *= _THROUGH_PLAYER
    if any(link.backwards for link in path):
        score *= _BACKWARDS
    ground = f"{', '.join(link.ground for link in path)}; {candidate.ground}"
    return Choice(column(candidate.column.name, path), round(score, 4), ground)


def looked_up(scope: Scope, feed: str, name: str, kind: Field, table: Table) -> Choice | None:
    """Codes of a look-up table that a column of the right name points at."""
    best = None
    phrases = scope.vocabulary.feeds[feed].fields.get(name, ())
    for link in scope.links.of[table.name]:
        if link.backwards or link.target in scope.roles.values():
            continue
        said = max(_said_of(scope, phrases, link), 0.0)
        for col in scope.table(link.target).columns:
            coded = codes.coded(scope.vocabulary, feed, name, kind, col, column(col.name, (link,)))
            if coded and said < REQUIRED:
                # A name that says nothing, and a table that holds the field's words and no other.
                said = _BY_WORDS if coded.share == 1 and len(coded.words) > 1 else 0.0
            if coded and said >= REQUIRED and (best is None or coded.share * said > best.score):
                best = Choice(coded.expression, coded.share * said, f"{link.ground}; {coded.ground}")
                if coded.missing:
                    best = best.doubted(f"{coded.missing} of its values have no word of the contract")
    return best


def _said_of(scope: Scope, phrases: Iterable[Phrase], link: Link) -> float:
    variants = [
        tuple(word for word in variant if word not in ("id", "key", "code"))
        for variant in scope.links.names.columns(link.table, link.column)
    ]
    return scope.matcher.by_name(phrases, variants, Kind.STRING)[0]
