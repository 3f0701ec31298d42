"""Which rows point at which: declared foreign keys, and where there are none, names that say the same. Pure."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from halfopen.serve.init.names import Words, common_prefix, without
from halfopen.serve.init.vocabulary import Vocabulary
from halfopen.sources.schema import Column, Family, Schema, Table

_DEPTH: Final = 3
_KEYS: Final = frozenset({"id", "key", "uuid", "code", "number", "reference"})
_NUMERIC: Final = (Family.INTEGER, Family.DECIMAL)


@dataclass(frozen=True, slots=True)
class Link:
    """`table.column` holds values of `target.target_column`, at most one row of it.

    backwards: the row of `target` is the one that points here, and its column is unique (a profile of a user).
    """

    table: str
    column: str
    target: str
    target_column: str
    declared: bool = True
    backwards: bool = False

    @property
    def ground(self) -> str:
        """Why, for people."""
        if self.backwards:
            return f"{self.target}.{self.target_column} points at {self.table}.{self.column}"
        kind = "foreign key" if self.declared else "name"
        return f"{kind} {self.table}.{self.column} -> {self.target}.{self.target_column}"


Path = tuple[Link, ...]


@dataclass(frozen=True)
class Names:
    """The words of every table and column, prefixes taken off."""

    schema: Schema
    vocabulary: Vocabulary
    _columns: dict[tuple[str, str], tuple[Words, ...]] = field(default_factory=dict)

    @cached_property
    def tables(self) -> Mapping[str, Words]:
        """Table -> its words, without a prefix that most tables share, digits and words that say nothing."""
        vocabulary = self.vocabulary
        raw = {table.name: vocabulary.words(table.name) for table in self.schema.tables}
        idle = vocabulary.ignored["table"]
        prefix = common_prefix(raw.values())
        found = {}
        for name, words in raw.items():
            short = without(prefix, words)
            while len(short) > 1 and (short[0] in idle or len(short[0]) == 1):
                short = short[1:]
            kept = tuple(word for word in short if word not in idle and not word.isdigit())
            found[name] = kept or short or words
        return found

    @cached_property
    def prefixes(self) -> Mapping[str, Words]:
        """Table -> the word that most of its columns begin with."""
        return {
            table.name: common_prefix(self.vocabulary.words(column.name) for column in table.columns)
            for table in self.schema.tables
        }

    def columns(self, table: str, column: str) -> tuple[Words, ...]:
        """What a column may be called: in full, without the table's prefix, without the table's own name."""
        if (table, column) not in self._columns:
            full = _key_last(self.vocabulary.words(column))
            short = without(self.prefixes[table], full)
            variants = [full, short]
            for word in self.tables[table]:
                variants += [without((word,), variant) for variant in (full, short)]
            entity = self.tables[table]
            variants += [without(entity, variant) for variant in (full, short)]
            self._columns[table, column] = tuple(dict.fromkeys(variant for variant in variants if variant))
        return self._columns[table, column]


@dataclass(frozen=True)
class Links:
    """The links of a schema."""

    names: Names

    @property
    def schema(self) -> Schema:
        """The schema that is linked."""
        return self.names.schema

    @cached_property
    def of(self) -> Mapping[str, tuple[Link, ...]]:
        """Table -> its links: declared ones first, then those by name, then backward ones."""
        found: dict[str, list[Link]] = {}
        for table in self.schema.tables:
            declared = list(self._declared(table))
            taken = {link.column for link in declared}
            found[table.name] = declared + [link for link in self._by_name(table) if link.column not in taken]
        for link in [link for links in found.values() for link in links]:
            if self._is_unique(link.table, link.column) and link.table != link.target:
                found[link.target].append(
                    Link(link.target, link.target_column, link.table, link.column, link.declared, backwards=True)
                )
        return {name: tuple(links) for name, links in found.items()}

    def paths(self, start: str, depth: int = _DEPTH, *, backwards: bool = False) -> Iterator[Path]:
        """Every way from a table that meets no table twice, the shortest first."""
        queue: deque[Path] = deque([()])
        while queue:
            path = queue.popleft()
            here = path[-1].target if path else start
            if path:
                yield path
            if len(path) >= depth:
                continue
            met = {start, *(link.target for link in path)}
            queue.extend(
                (*path, link) for link in self.of[here] if link.target not in met and (backwards or not link.backwards)
            )

    def path(self, start: str, target: str, depth: int = _DEPTH) -> Path | None:
        """The shortest way from one table to another."""
        return next((path for path in self.paths(start, depth) if path[-1].target == target), None)

    def _declared(self, table: Table) -> Iterator[Link]:
        for key in table.foreign_keys:
            target = self.schema.table(key.target) or self._any_case(key.target)
            if len(key.columns) == 1 and target is not None:
                yield Link(table.name, key.columns[0], target.name, key.target_columns[0])

    def _any_case(self, name: str) -> Table | None:
        return next((table for table in self.schema.tables if table.name.lower() == name.lower()), None)

    def _by_name(self, table: Table) -> Iterator[Link]:
        own_key = set(table.primary_key) if len(table.primary_key) == 1 else set()
        for column in table.columns:
            if column.name in own_key or column.family not in (*_NUMERIC, Family.TEXT, Family.UUID, Family.UNKNOWN):
                continue
            target = self._target(table, column)
            if target is not None:
                yield Link(table.name, column.name, target.name, target.primary_key[0], declared=False)

    def _target(self, table: Table, column: Column) -> Table | None:
        """The table that `user_id` or `usr_id` can only mean: its whole name, or its key's very name."""
        best: tuple[int, str] | None = None
        names = {w for variant in self.names.columns(table.name, column.name) for w in [variant]}
        for target in self.schema.tables:
            if target.name == table.name or len(target.primary_key) != 1 or target.is_view:
                continue
            key = target.column(target.primary_key[0])
            if key is None or not _alike(column, key):
                continue
            worth = self._likeness(column.name, names, target, key.name)
            if worth and (best is None or (-worth, target.name) < best):
                best = (-worth, target.name)
        return self.schema.table(best[1]) if best else None

    def _likeness(self, column: str, variants: set[Words], target: Table, key: str) -> int:
        entity = self.names.tables[target.name]
        if column.lower() == key.lower() and len(self.names.vocabulary.words(key)) > 1:
            return 4
        for variant in variants:
            if len(variant) < 2 or variant[-1] not in _KEYS:  # noqa: PLR2004 - a noun and "id"
                continue
            noun = variant[:-1]
            if noun == entity:
                return 3
            if noun == entity[-len(noun) :]:
                return 2
            if noun[-len(entity) :] == entity:
                return 1
        return 0

    def _is_unique(self, table: str, column: str) -> bool:
        found = self.schema.table(table)
        return found is not None and (found.primary_key == (column,) or (column,) in found.unique)


def _key_last(words: Words) -> Words:
    """`id_player` is `player_id`."""
    return (*words[1:], "id") if len(words) > 1 and words[0] == "id" and words[-1] != "id" else words


def _alike(column: Column, key: Column) -> bool:
    """Whether the one may hold values of the other."""
    if Family.UNKNOWN in (column.family, key.family):
        return True
    if column.family in _NUMERIC and key.family in _NUMERIC:
        return True
    return column.family is key.family or {column.family, key.family} == {Family.TEXT, Family.UUID}
