"""From `[serve.feeds.<feed>]`, the contract and the columns that the database really has, to what a source is asked.

Every mistake is one line that names the feed and the field, quotes what was found, and says what to do.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from halfopen.config.serve import Actions, FeedMapping, ServeConfig
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, Kind
from halfopen.errors import ConfigError, SourceError
from halfopen.sources.base import Column, Refuses, Selection, Sessions, Source, UnknownRelation

SUMMED: Final = ("session_id", "bet_count", "win_count", "bet_amount", "win_amount", "created_at", "updated_at")
"""Fields of game_activity that are made from actions and cannot be mapped to a column of theirs."""

SOURCE_STAMP: Final = "source_modified_at"
"""The column that shows the cursor as the database has it, beside what a late row is served with."""

_CUSTOM_KINDS: Final = {
    "integer": Kind.INTEGER,
    "fractional": Kind.DECIMAL,
    "string": Kind.STRING,
    "date": Kind.DATETIME,
    "array": Kind.STRING,
}
_FRACTIONAL_PLACES: Final = 2
_WORD: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offer:
    """A feed that is served: where, and from what. `origin` is the table, or what stands for it, for people."""

    feed: Feed
    selection: Selection
    paths: tuple[str, ...]
    origin: str

    @property
    def is_snapshot(self) -> bool:
        """Whether every window holds the whole catalogue."""
        return self.selection.cursor is None and self.selection.sessions is None


@dataclass(frozen=True, slots=True)
class Offers:
    """All feeds: the offered ones by name, and of the others the paths and the reason."""

    offered: Mapping[str, Offer]
    refused: Mapping[str, str]
    paths: Mapping[str, str]
    """Path to the name of its feed, offered or not."""


class MappingError(ConfigError):
    """The mapping does not fit; `mistakes` are lines for a person, and the error's text is all of them."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


def offers(config: ServeConfig, source: Source) -> Offers:
    """What can be served; MappingError with every mistake that was found, SourceError when the database is away."""
    offered: dict[str, Offer] = {}
    refused: dict[str, str] = {}
    mistakes: list[str] = []
    for feed in feeds().values():
        mapping = config.feeds.get(feed.name)
        reason = _why_not(feed, mapping)
        if mapping is None or reason:
            refused[feed.name] = reason
            continue
        try:
            offered[feed.name] = _offer(feed, mapping, config, source)
        except MappingError as error:
            mistakes += error.mistakes
    paths = _paths(config, mistakes)
    if mistakes:
        raise MappingError(mistakes)
    return Offers(offered, refused, paths)


def _why_not(feed: Feed, mapping: FeedMapping | None) -> str:
    where = f"serve.feeds.{feed.name}"
    if mapping is None:
        return f"the configuration has no section [{where}]"
    if not mapping.offered:
        return f"{where}.offered is false"
    if mapping.todo:
        return f"{where}.todo names fields that are not mapped yet: {', '.join(mapping.todo)}"
    return ""


def _paths(config: ServeConfig, mistakes: list[str]) -> dict[str, str]:
    """The operator's own paths first: an alias of one feed may be the path that another was given."""
    paths: dict[str, str] = {}
    for name, mapping in config.feeds.items():
        if mapping.path is not None and paths.setdefault(mapping.path, name) != name:
            mistakes.append(f"serve.feeds.{name}.path: {mapping.path!r} is the path of {paths[mapping.path]} already")
    for feed in feeds().values():
        for path in (feed.path, *feed.aliases):
            paths.setdefault(path, feed.name)
    return paths


def _offer(feed: Feed, mapping: FeedMapping, config: ServeConfig, source: Source) -> Offer:
    reader = _Reader(feed, mapping, source)
    selection = reader.selection(mapping.timezone or config.timezone)
    reader.check_types(selection)
    if reader.mistakes:
        raise MappingError(reader.mistakes)
    if config.source_modified_at and selection.cursor is not None:
        stamp = Column(name=SOURCE_STAMP, kind=Kind.DATETIME, sql=selection.cursor)
        selection = replace(selection, columns=(*selection.columns, stamp))
    own = (mapping.path,) if mapping.path else ()
    return Offer(feed, selection, (*own, feed.path, *feed.aliases), reader.origin)


@dataclass(slots=True)
class _Reader:
    """Reads one feed's mapping, and gathers what is wrong with it."""

    feed: Feed
    mapping: FeedMapping
    source: Source
    mistakes: list[str] = field(default_factory=list)
    relation: str = ""
    found: dict[str, str] = field(default_factory=dict)
    """The relation's columns, by their name in lower case."""

    @property
    def origin(self) -> str:
        mapping = self.mapping
        part = mapping.actions or mapping.rollup or mapping
        kind = "actions in " if mapping.actions else "sessions in " if mapping.rollup else ""
        return f"{kind}{part.table or 'a SELECT of yours'}"

    def selection(self, zone: str) -> Selection:
        """What the source is to be asked; worthless when there are mistakes."""
        actions = self.mapping.actions
        part = actions or self.mapping.rollup or self.mapping
        self._find_relation(part.table, part.sql)
        if self.mistakes:
            return Selection(feed=self.feed.name, relation="", columns=())
        self._check_names()
        columns = tuple(self._columns(SUMMED if actions else ()))
        cursor = None if actions else self._cursor()
        self._check_required(columns, SUMMED if actions else ())
        return Selection(
            feed=self.feed.name,
            relation=self.relation,
            columns=columns,
            cursor=cursor,
            where=self._where(actions),
            zone=zone,
            sessions=self._sessions(actions) if actions else None,
            order=self._order(columns) if actions else (),
            cursor_column=self.feed.cursor or "",
        )

    def check_types(self, selection: Selection) -> None:
        """Whether every column's values can be served, as far as the source knows."""
        if self.mistakes or not isinstance(self.source, Refuses):
            return
        try:
            for name, why in self.source.refusals(selection).items():
                self._wrong(f"{'columns' if name in self.feed.fields else 'custom'}.{name}", why)
        except SourceError as error:
            self._wrong("sql" if self.mapping.sql else "table", f"the database cannot read it: {error}")

    def _find_relation(self, table: str | None, sql: str | None) -> None:
        try:
            self.relation = self.source.relation(table, sql)
            self.found = {name.lower(): name for name in self.source.columns(self.relation)}
        except UnknownRelation:
            near = _near(table or "", self.source.tables())
            self._wrong("table", f"there is no table {table!r} in the database; {near}")
        except SourceError as error:
            self._wrong("sql" if sql else "table", f"the database cannot read it: {error}")

    def _check_names(self) -> None:
        known = [name for name in self.feed.fields if not (self.mapping.actions and name in SUMMED)]
        for place, names in (("columns", self.mapping.columns), ("minor_units", self.mapping.minor_units)):
            allowed = self.feed.fields if place == "minor_units" else known
            for name in names:
                if self.mapping.actions and place == "columns" and name in SUMMED:
                    self._wrong(f"columns.{name}", "is made from the actions; map it under actions")
                elif name not in allowed and not (self.mapping.actions and name == "amount"):
                    self._wrong(f"{place}.{name}", f"the feed has no field {name!r}; {_near(name, allowed)}")
        for name in self.mapping.custom:
            if not self.feed.custom:
                self._wrong(f"custom.{name}", "custom fields belong to the feed players alone")
            elif name in self.feed.fields:
                self._wrong(f"custom.{name}", "is a field of the contract; map it under columns, or rename it")

    def _columns(self, made: Collection[str]) -> Iterable[Column]:
        mapped = dict(self.mapping.columns)
        if self.mapping.cursor is not None:
            mapped.setdefault(self.feed.cursor, self.mapping.cursor)
        for name, described in self.feed.fields.items():
            if name in made:
                continue
            sql = mapped.get(name) or (name if name.lower() in self.found else None)
            if sql is None:
                continue
            place = f"columns.{name}" if name in self.mapping.columns else "cursor"
            yield Column(
                name=name,
                kind=described.kind,
                sql=self._expression(place, sql),
                divisor=self._divisor(name),
            )
        for name, custom in self.mapping.custom.items():
            yield Column(
                name=name,
                kind=_CUSTOM_KINDS[custom.kind],
                sql=self._expression(f"custom.{name}", custom.column),
                places=_FRACTIONAL_PLACES if custom.kind == "fractional" else None,
                array=custom.kind == "array",
            )

    def _cursor(self) -> str | None:
        name = self.feed.cursor
        sql = self.mapping.cursor or self.mapping.columns.get(name) or (name if name.lower() in self.found else None)
        return None if sql is None else self._expression("cursor", sql, quietly=True)

    def _check_required(self, columns: Collection[Column], made: Collection[str]) -> None:
        there = {column.name for column in columns} | set(made)
        for name in self.feed.required:
            if name not in there:
                what = "the cursor" if name == self.feed.cursor else "required"
                self._wrong(
                    f"columns.{name}",
                    f"{what}, but not mapped, and {self.origin} has no column {name!r} "
                    f"({_near(name, self.found.values())}): write columns = {{ {name} = ... }}",
                )

    def _divisor(self, name: str) -> str | None:
        units = self.mapping.minor_units.get(name)
        if units is None:
            return None
        if isinstance(units, int):
            if units < 1:
                self._wrong(f"minor_units.{name}", f"found {units}, needs how many make one unit, like 100")
            return str(units)
        return self._expression(f"minor_units.{name}", units)

    def _where(self, actions: Actions | None) -> str | None:
        parts = [part for part in (self.mapping.where, actions.where if actions else None) if part]
        for part in parts:
            self._try("where", part)
        return " and ".join(f"({part})" for part in parts) or None

    def _sessions(self, actions: Actions) -> Sessions:
        def sql(name: str) -> str | None:
            text: str | None = getattr(actions, name)
            return None if text is None else self._expression(f"actions.{name}", text)

        def literals(name: str) -> str | None:
            text: str | None = getattr(actions, name)
            if text is not None:
                self._try(f"actions.{name}", f"{actions.kind} in ({text})")
            return text

        units = {str(units) for units in self.mapping.minor_units.values()}
        if len(units) > 1 or not all(unit.isdecimal() for unit in units):
            self._wrong("minor_units", "the sums of a session have one divisor, a number like 100")
        return Sessions(
            session_id=sql("session_id") or "",
            kind=sql("kind") or "",
            bet=literals("bet") or "",
            win=literals("win") or "",
            rollback=literals("rollback"),
            amount=sql("amount") or "",
            created_at=sql("created_at") or "",
            round_id=sql("round_id"),
            divisor=units.pop() if units else None,
        )

    def _order(self, columns: Collection[Column]) -> tuple[str, ...]:
        there = {column.name for column in columns} | set(SUMMED)
        return tuple(name for name in self.feed.fields if name in there)

    def _expression(self, place: str, sql: str, *, quietly: bool = False) -> str:
        """A column's name, quoted, or an SQL expression in brackets."""
        column = self.found.get(sql.strip().lower())
        if column is not None:
            return self.source.quote(column)
        if _WORD.fullmatch(sql.strip()) and not quietly:
            near = _near(sql.strip(), self.found.values())
            self._wrong(place, f"{self.origin} has no column {sql!r}; {near}")
        elif not quietly:
            self._try(place, sql)
        return f"({sql})"

    def _try(self, place: str, sql: str) -> None:
        try:
            self.source.try_expression(self.relation, sql)
        except SourceError as error:
            self._wrong(place, f"the database cannot compute {sql!r}: {error}")

    def _wrong(self, place: str, what: str) -> None:
        self.mistakes.append(f"serve.feeds.{self.feed.name}.{place}: {what}")


def _near(name: str, known: Iterable[str]) -> str:
    """A suggestion: what is spelt alike, else what there is."""
    names = list(known)
    alike = difflib.get_close_matches(name.lower(), [known.lower() for known in names], 1, 0.6)
    if alike:
        return f"did you mean {next(known for known in names if known.lower() == alike[0])!r}?"
    return f"there are: {', '.join(names)}" if names else "there are none"
