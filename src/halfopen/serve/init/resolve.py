"""The fields of a feed in one table: its own columns, the rows that it points at, what can be made of them. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import FeedKind, Field, Kind
from halfopen.serve.init import codes
from halfopen.serve.init.derived import states, two_sides
from halfopen.serve.init.expression import Choice, Expression, Ref, column, joined, together
from halfopen.serve.init.links import Link, Links, Path
from halfopen.serve.init.match import Candidate, Matcher
from halfopen.serve.init.own import OPTIONAL, REQUIRED, own_columns
from halfopen.serve.init.units import divisor, is_in_parts
from halfopen.serve.init.vocabulary import Phrase, Vocabulary
from halfopen.sources.schema import Column, Family, Table

_NEAR: Final = 0.06
_A_STEP: Final = 0.93
_BACKWARDS: Final = 0.85
_MAYBE: Final = 0.9
_WHOLE: Final = 0.8
_MONEY: Final = {"amount", "balance", "stake", "payout", "money"}
_THROUGH_PLAYER: Final = 0.9
_CREATED: Final = {"players": "registered_at"}
_FAR: Final = 2


@dataclass(frozen=True)
class Resolver:
    """Finds fields in tables, once it is known which table is which feed's (`roles`)."""

    matcher: Matcher
    roles: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Feed -> the column of its table that identifies a row."""

    @property
    def links(self) -> Links:
        """The links of the schema."""
        return self.matcher.links

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the trade."""
        return self.matcher.vocabulary

    @cached_property
    def counts_parts(self) -> bool:
        """Whether whole numbers of money are cents somewhere in the schema: then they are everywhere."""
        return any(
            is_in_parts(column)
            for table in self.links.schema.tables
            for column in table.columns
            if not self.is_pointer(table, column)
            and any(_MONEY & set(words) for words in self.links.names.columns(table.name, column.name))
        )

    def table(self, name: str) -> Table:
        """A table that is known to be there."""
        found = self.links.schema.table(name)
        if found is None:
            raise KeyError(name)
        return found

    def choices(self, feed: str, table: Table, skip: Collection[str] = ()) -> dict[str, Choice]:
        """What each field is in this table; fields that cannot be found are left out."""
        described = feeds()[feed]
        found = {}
        own = own_columns(self.matcher, feed, table, skip)
        for name, kind in described.fields.items():
            if name in skip:
                continue
            choice = self._field(feed, name, kind, table, own.get(name))
            if choice is not None:
                found[name] = choice
        self._made_up(feed, table, found, skip)
        self._cursor(feed, table, found)
        return {name: found[name] for name in described.fields if name in found}

    def _made_up(self, feed: str, table: Table, found: dict[str, Choice], skip: Collection[str]) -> None:
        """Fields that are read off others, or taken from the row that owns this one."""
        if feed == "players":
            states(self.matcher, table, found)
        if feed == "sports_events":
            title = two_sides(self.matcher, table)
            if title is not None and ("title" not in found or found["title"].score < _WHOLE):
                found["title"] = title
        inherit = self.vocabulary.inherit.get(feed)
        if inherit is None:
            return
        owner = self.roles.get(inherit.feed)
        path = self.links.path(table.name, owner) if owner and owner != table.name else None
        if not path or not owner:
            return
        theirs_all = self.choices(inherit.feed, self.table(owner))
        for ours, theirs in inherit.fields.items():
            taken = theirs_all.get(theirs)
            if taken is None or ours in found or ours in skip:
                continue
            refs = tuple(Ref(ref.column, (*path, *ref.path)) for ref in taken.expression.refs)
            ground = f"no stamp of its own; {path[-1].ground}"
            expression = Expression(taken.expression.template, refs)
            found[ours] = Choice(expression, taken.score * _A_STEP, ground, f"stands in: {theirs} of {owner}")

    def _field(self, feed: str, name: str, kind: Field, table: Table, own: Candidate | None) -> Choice | None:
        if kind.refers_to:
            return self.reference(feed, name, kind.refers_to.partition(".")[0], table)
        if name == feeds()[feed].key:
            return self.key(feed, table)
        made = self._made(feed, name, kind, table, own) if own else None
        reached = self.reached(feed, name, kind, table)
        if reached and (made is None or made.score < reached.score):
            return reached if kind.required or reached.score >= OPTIONAL else made
        return made

    def key(self, feed: str, table: Table) -> Choice | None:
        """What identifies a row: the primary key, else the column that is called so."""
        if len(table.primary_key) == 1:
            return Choice(column(table.primary_key[0]), 1.0, "primary key")
        if table.primary_key:
            parts: list[Expression | str] = [column(table.primary_key[0])]
            for part in table.primary_key[1:]:
                parts += ["-", column(part)]
            return Choice(together(*parts), 0.8, "primary key of several columns", "one text is made of them")
        best = self.matcher.best(feed, feeds()[feed].key, table)
        if best is None:
            return None
        return self._chosen(best, column(best.column.name)).doubted("the table has no primary key")

    def reference(self, feed: str, name: str, target: str, table: Table) -> Choice | None:
        """A pointer at another feed's row: through links to that feed's table, else by its name alone."""
        role, key = self.roles.get(target), self.keys.get(target)
        if role is None or key is None:
            return self._by_name_alone(feed, name, table, target)
        if role == table.name:
            return Choice(column(key), 1.0, f"the row is the {target[:-1]}'s own: its key")
        best = None
        for path in self.links.paths(table.name):
            if path[-1].target != role or any(self._is_other_person(link) for link in path[:-1]):
                continue
            choice = self._along(feed, name, path, key)
            if best is None or choice.score > best.score:
                best = choice
        if best is None:
            best = self._backwards(table, role, key) or self._by_name_alone(feed, name, table, target)
        return best

    def _along(self, feed: str, name: str, path: Path, key: str) -> Choice:
        last = path[-1]
        expression = column(last.column, path[:-1]) if last.target_column == key else column(key, path)
        said = self._said(feed, name, path[0])
        score = (0.8 + 0.2 * said) * _A_STEP ** (len(path) - 1) * (1.0 if last.declared else 0.95)
        if any(self._may_be_null(link) for link in path):
            score *= _MAYBE
        choice = Choice(expression, round(score, 4), ", ".join(link.ground for link in path))
        return choice if len(path) <= _FAR else choice.doubted("it is a long way round")

    def _may_be_null(self, link: Link) -> bool:
        found = self.table(link.table).column(link.column)
        return found is None or found.null_share > 0

    def _said(self, feed: str, name: str, link: Link) -> float:
        phrases = self.vocabulary.feeds[feed].fields.get(name, ())
        variants = [
            tuple(word for word in variant if word not in ("id", "key", "uuid", "code"))
            for variant in self.links.names.columns(link.table, link.column)
        ]
        return max(0.0, self.matcher.by_name(phrases, variants, Kind.STRING)[0])

    def _is_other_person(self, link: Link) -> bool:
        """A way over somebody else's row (who made it, who allowed it) leads to the wrong player."""
        return link.target == self.roles.get("players") or link.backwards

    def _backwards(self, table: Table, role: str, key: str) -> Choice | None:
        for path in self.links.paths(table.name, 1, backwards=True):
            if path[-1].target == role:
                return Choice(column(key, path), 0.8, path[-1].ground)
        return None

    def _by_name_alone(self, feed: str, name: str, table: Table, target: str) -> Choice | None:
        phrases = self.vocabulary.feeds[feed].fields.get(name, ())
        best: tuple[float, Column] | None = None
        for col in table.columns:
            if col.family in (Family.STAMP, Family.DATE, Family.BOOLEAN, Family.DECIMAL, Family.BYTES):
                continue
            for variant in self.links.names.columns(table.name, col.name):
                if len(variant) > 1 and variant[-1] in ("id", "key", "uuid", "number", "code"):
                    worth = self.matcher.by_name(phrases, [variant[:-1], variant], Kind.STRING)[0]
                    if best is None or worth > best[0]:
                        best = (worth, col)
        if best is None or best[0] < REQUIRED:
            return None
        return Choice(column(best[1].name), best[0] * 0.8, "name").doubted(f"nothing says that it points at {target}")

    def _made(self, feed: str, name: str, kind: Field, table: Table, own: Candidate) -> Choice | None:
        """A column as the field needs it: booleans and choices are turned into the contract's words."""
        choice = self._chosen(own, column(own.column.name))
        if kind.kind is Kind.BOOLEAN:
            made = codes.truth(self.vocabulary, own.column, choice.expression, opposite=own.opposite)
            if made is None:
                return None
            ground = f"{choice.ground}, {made[1]}" if made[1] else choice.ground
            return replace(choice, expression=made[0], ground=ground)
        if kind.kind is Kind.CHOICE and own.column.family is Family.BOOLEAN:
            return self._either(feed, name, kind, table, choice)
        if kind.kind is Kind.CHOICE:
            return self._coded(feed, name, kind, own.column, choice)
        if kind.kind is Kind.DECIMAL:
            units = divisor(self.vocabulary, table, own.column, name, in_parts=self.counts_parts)
            if units:
                choice = replace(choice, divisor=units.divisor, ground=f"{choice.ground}; {units.ground}")
                choice = choice.doubted(units.doubt) if units.doubt else choice
        return self._rivalled(feed, name, table, own, choice)

    def _either(self, feed: str, name: str, kind: Field, table: Table, choice: Choice) -> Choice | None:
        """`is_outright` for a choice of two words."""
        if len(kind.values) != len(("this", "that")):
            return None
        for variant in self.links.names.columns(table.name, choice.expression.refs[0].column):
            word = self.vocabulary.meaning(feed, name, "".join(part for part in variant if part != "is"))
            if word is not None:
                other = next(one for one in kind.values if one != word)
                return replace(
                    choice, expression=choice.expression.within(f"case when {{0}} then '{word}' else '{other}' end")
                )
        return None

    def _coded(self, feed: str, name: str, kind: Field, col: Column, choice: Choice) -> Choice | None:
        coded = codes.coded(self.vocabulary, feed, name, kind, col, choice.expression)
        if coded is None:
            if col.samples or col.values:
                return None
            return choice.doubted("the table is empty, so its words are not known")
        made = replace(
            choice, expression=coded.expression, ground=f"{choice.ground}; {coded.ground}",
            score=choice.score * (0.5 + 0.5 * coded.share),
        )  # fmt: skip
        return made.doubted(f"{coded.missing} of its values have no word of the contract") if coded.missing else made

    def _chosen(self, own: Candidate, expression: Expression) -> Choice:
        return Choice(expression, own.score, own.ground)

    def _rivalled(self, feed: str, name: str, table: Table, own: Candidate, choice: Choice) -> Choice:
        others = [c for c in self.matcher.candidates(feed, name, table) if c.column.name != own.column.name]
        near = [c.column.name for c in others if c.score >= own.score - _NEAR]
        required = feeds()[feed].fields[name].required
        return choice.doubted(f"{', '.join(near)} is as likely", 1.0) if near and required else choice

    def reached(self, feed: str, name: str, kind: Field, table: Table) -> Choice | None:
        """A field that stands in a row that this one points at."""
        reach = self.vocabulary.reach.get("bet_type" if (feed, name) == ("sports_bets", "type") else name)
        if reach is None or name == "type":
            return self.looked_up(feed, name, kind, table) if kind.kind is Kind.CHOICE else None
        best = None
        for path in self.links.paths(table.name, backwards=True):
            target = self.table(path[-1].target)
            words = set(self.links.names.tables[target.name])
            if reach.avoid & words or (reach.tables and not any(set(p.words) <= words for p in reach.tables)):
                continue
            for candidate in self.matcher.ranked(reach.columns, target, kind):
                if name in ("game_name", "market") and candidate.column.family is Family.INTEGER:
                    continue
                choice = self._at_the_end(path, candidate)
                if best is None or choice.score > best.score:
                    best = choice
        if best is None and name == "game_name":
            best = self._named_thing(table, reach.columns, kind)
        return best if best is not None and best.score >= REQUIRED else None

    def _named_thing(self, table: Table, phrases: tuple[Phrase, ...], kind: Field) -> Choice | None:
        """The one thing with a name that a round points at, where no table is called after games."""
        found = []
        for link in self.links.of[table.name]:
            if link.backwards or link.target in self.roles.values():
                continue
            found += [(link, c) for c in self.matcher.ranked(phrases, self.table(link.target), kind)[:1]]
        if len(found) != 1:
            return None
        link, candidate = found[0]
        choice = self._at_the_end((link,), candidate)
        return choice.doubted(f"taken for the game, for {link.target} is all that has a name", 0.8)

    def _at_the_end(self, path: Path, candidate: Candidate) -> Choice:
        score = 0.97 * candidate.score * _A_STEP ** (len(path) - 1)
        through = {link.target for link in path}
        if self.roles.get("players") in through:
            score *= _THROUGH_PLAYER
        if any(link.backwards for link in path):
            score *= _BACKWARDS
        ground = f"{', '.join(link.ground for link in path)}; {candidate.ground}"
        return Choice(column(candidate.column.name, path), round(score, 4), ground)

    def looked_up(self, feed: str, name: str, kind: Field, table: Table) -> Choice | None:
        """Codes of a look-up table that a column of the right name points at."""
        best = None
        phrases = self.vocabulary.feeds[feed].fields.get(name, ())
        for link in self.links.of[table.name]:
            if link.backwards or link.target in self.roles.values():
                continue
            said = max(self._said_of(phrases, link), 0.0)
            if said < REQUIRED:
                continue
            for col in self.table(link.target).columns:
                coded = codes.coded(self.vocabulary, feed, name, kind, col, column(col.name, (link,)))
                if coded and (best is None or coded.share * said > best.score):
                    best = Choice(coded.expression, coded.share * said, f"{link.ground}; {coded.ground}")
                    if coded.missing:
                        best = best.doubted(f"{coded.missing} of its values have no word of the contract")
        return best

    def is_pointer(self, table: Table, col: Column) -> bool:
        """Whether the column points at another row."""
        return any(link.column == col.name and not link.backwards for link in self.links.of[table.name])

    def _said_of(self, phrases: object, link: Link) -> float:
        variants = [
            tuple(word for word in variant if word not in ("id", "key", "code"))
            for variant in self.links.names.columns(link.table, link.column)
        ]
        return self.matcher.by_name(phrases, variants, Kind.STRING)[0]  # type: ignore[arg-type]  # phrases of the vocabulary

    def _cursor(self, feed: str, table: Table, found: dict[str, Choice]) -> None:
        """Rows whose cursor is null are never served; rows without one at all are served when they are made."""
        described = feeds()[feed]
        created = found.get(_CREATED.get(feed, "created_at"))
        cursor = found.get(described.cursor)
        if described.kind is not FeedKind.MUTABLE or created is None:
            return
        if cursor is None:
            cursor = self._of_profile(feed, table)
            if cursor is not None:
                both = joined("coalesce({0}, {1})", (cursor.expression, created.expression))
                found[described.cursor] = replace(cursor, expression=both)
                return
            if described.fields[described.cursor].required:
                found[described.cursor] = replace(
                    created, score=created.score * 0.75, ground=f"{created.ground} (the stamp of making)"
                ).doubted("no column says when a row changes, so changes will not be seen", 1.0)
            return
        if not cursor.expression.is_column or not created.expression.is_column:
            return
        changed, made = (self._column(table, choice) for choice in (cursor, created))
        is_sound = changed.null_share == 0 and cursor.score >= 0.9  # noqa: PLR2004 - "updated", not "settled"
        if changed.nullable and not is_sound and changed.type == made.type and changed.name != made.name:
            found[described.cursor] = replace(
                cursor, expression=joined("coalesce({0}, {1})", (cursor.expression, created.expression)),
                ground=f"{cursor.ground}; before that, {made.name}",
            )  # fmt: skip

    def _of_profile(self, feed: str, table: Table) -> Choice | None:
        """The stamp of a row that belongs to this one alone, as a profile does to a user."""
        for link in self.links.of[table.name]:
            if not link.backwards or link.target in self.roles.values():
                continue
            best = self.matcher.best(feed, feeds()[feed].cursor, self.table(link.target))
            if best is not None and best.score >= _WHOLE:
                choice = Choice(column(best.column.name, (link,)), best.score * _A_STEP, link.ground)
                return choice.doubted(f"changes of {table.name} itself are seen only when {link.target} changes too")
        return None

    def _column(self, table: Table, choice: Choice) -> Column:
        found = table.column(choice.expression.refs[0].column)
        if found is None:
            raise KeyError(choice.expression.refs[0].column)
        return found
