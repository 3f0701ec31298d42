"""Schemas of tests/corpus/schemas as databases, and how much of them `halfopen init` maps right.

Right is what is served: each feed's rows are streamed as a CRM would get them and compared with the SELECT of the
schema's key, field by field. Denominator: the required fields that the key's SELECTs hold.
"""

import asyncio
import csv
import io
import re
import sqlite3
import tomllib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import asyncpg
import msgspec

from halfopen.config.load import load
from halfopen.config.serve import FeedMapping, ServeConfig
from halfopen.contract.load import feeds
from halfopen.contract.model import Field, Kind
from halfopen.contract.values import parse
from halfopen.errors import HalfopenError, ValueProblem
from halfopen.serve.init.feeds import Proposer
from halfopen.serve.init.proposal import Proposal
from halfopen.serve.init.write import unsure, written
from halfopen.serve.mapping import offers
from halfopen.sources.base import Source
from halfopen.sources.postgresql import PostgresqlSource
from halfopen.sources.schema import Schema, read_schema
from halfopen.sources.sqlite import SqliteSource
from halfopen.wire.negotiate import Format

CORPUS = Path(__file__).parent.parent / "corpus" / "schemas"
NAMES = ("django", "rails", "prisma", "laravel", "typeorm", "legacy", "spring", "sequelize", "ecto", "dotnet")
_ONLY_POSTGRESQL = re.compile(r"^(comment on|create type)\b.*?;\s*$", re.IGNORECASE | re.MULTILINE)

_MILLISECONDS_FROM = 100_000_000_000

Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Key:
    """What a schema's feeds should serve: a SELECT a feed, and the fields that no column holds as they are."""

    feeds: dict[str, str]
    made: dict[str, list[str]]

    @classmethod
    def read(cls, name: str) -> "Key":
        data = tomllib.loads((CORPUS / f"{name}.toml").read_text(encoding="utf-8"))
        return cls({feed: sql for feed, sql in data.items() if feed != "made"}, data.get("made", {}))


@dataclass
class Score:
    """`wrong`: mapped to something else; `missing`: not mapped; `silent`: wrong without a word of doubt."""

    name: str
    mappable: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    """Feeds that are offered although the key has none."""

    @property
    def percent(self) -> float:
        return 100 * self.right / self.mappable


def sqlite_file(folder: Path, name: str) -> Path:
    """The schema with its rows as an SQLite file."""
    path = folder / f"{name}.sqlite"
    text = _ONLY_POSTGRESQL.sub("", (CORPUS / f"{name}.sql").read_text(encoding="utf-8"))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text)
        connection.commit()
    return path


async def sqlite_score(folder: Path, name: str) -> Score:
    path = sqlite_file(folder, name)

    async def ask(sql: str) -> Rows:
        with closing(sqlite3.connect(path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]

    schema = read_schema("sqlite", path, "")
    source = SqliteSource(path, 2)
    try:
        return await score(name, schema, f"sqlite:///{path}", source, ask, folder)
    finally:
        source.close()


def postgresql_text(name: str) -> str:
    """The schema with its rows for PostgreSQL."""
    return (CORPUS / f"{name}.sql").read_text(encoding="utf-8")


async def postgresql_score(folder: Path, name: str, url: str) -> Score:
    """As `sqlite_score`, in an empty database at `url`."""
    connection = await asyncpg.connect(url)
    await connection.execute(postgresql_text(name))

    async def ask(sql: str) -> Rows:
        return [dict(row) for row in await connection.fetch(sql)]

    source = PostgresqlSource(url, 2)
    try:
        schema = await asyncio.to_thread(read_schema, "postgresql", None, url)
        return await score(name, schema, url, source, ask, folder)
    finally:
        source.close()
        await connection.close()


async def score(  # noqa: PLR0917 - one call an engine
    name: str, schema: Schema, url: str, source: Source, ask: Callable[[str], Awaitable[Rows]], folder: Path
) -> Score:
    """Proposes, writes, loads, serves and compares."""
    proposals = Proposer(schema).proposals()
    path = folder / f"{name}.{schema.engine}.toml"
    path.write_text(written(schema, proposals, url), encoding="utf-8")
    config = load(path, {"FEED_PASSWORD": "x"}).needed_serve()
    key = Key.read(name)
    doubts = unsure(proposals.values())
    found = Score(name)
    for feed, sql in key.feeds.items():
        expected = await ask(sql)
        _compare(
            found,
            key,
            feed,
            expected,
            await _served(found, config, source, feed, proposals[feed]),
            proposals[feed],
            doubts[feed],
        )
    found.extra = [
        feed for feed, mapping in config.feeds.items() if feed not in key.feeds and mapping.offered and not mapping.todo
    ]
    return found


def _compare(  # noqa: PLR0917 - one call a feed
    found: Score, key: Key, feed: str, expected: Rows, got: Rows | None, proposal: Proposal, doubts: Sequence[str]
) -> None:
    described = feeds()[feed]
    made = key.made.get(feed, [])
    identity = described.key if described.key not in made else "player_id"
    for name in (name for name in described.required if name in expected[0]):
        found.mappable += 1
        if not proposal.parts or name in proposal.todo:
            found.missing.append(f"{feed}.{name}")
            continue
        if got is not None and _is_right(described.fields, name, identity, expected, got, is_made=name in made):
            found.right += 1
            continue
        found.wrong.append(f"{feed}.{name}")
        if name not in doubts and identity not in doubts:
            found.silent.append(f"{feed}.{name}")


def _is_right(fields: dict[str, Field], name: str, identity: str, expected: Rows, got: Rows, *, is_made: bool) -> bool:
    if is_made:
        values = [row.get(name) for row in got]
        return all(values) and len(set(values)) == len(expected) == len(values)
    pairs = [_pairs(fields, name, identity, rows) for rows in (expected, got)]
    return pairs[0] == pairs[1]


def _pairs(fields: dict[str, Field], name: str, identity: str, rows: Rows) -> Counter[tuple[object, object]]:
    return Counter((_plain(fields[identity], row.get(identity)), _plain(fields[name], row.get(name))) for row in rows)


def _plain(kind: Field, value: object) -> object:  # noqa: PLR0911 - one a kind
    """A value as it is compared, whether it comes from the wire or from the key's SELECT."""
    if value is None or value == "":
        return None
    if kind.kind in (Kind.DECIMAL, Kind.INTEGER):
        try:
            return Decimal(str(value)).normalize()
        except InvalidOperation:
            return str(value)
    if kind.kind is Kind.DATETIME:
        if isinstance(value, int):
            return datetime.fromtimestamp(value if value < _MILLISECONDS_FROM else value // 1000, UTC)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
        try:
            moment = parse(kind, str(value) if len(str(value)) > len("2024-01-01") else f"{value} 00:00:00")
        except ValueProblem:
            return str(value)
        return moment.replace(microsecond=0) if isinstance(moment, datetime) else moment
    if kind.kind is Kind.CHOICE:
        words = {spelt.lower(): word for word, others in kind.values.items() for spelt in (word, *others)}
        return words.get(str(value).lower(), str(value))
    return str(value)


async def _served(found: Score, config: ServeConfig, source: Source, feed: str, proposal: Proposal) -> Rows | None:
    """The rows of one feed, its to-do fields served as null; None when it cannot be served."""
    mapping = config.feeds[feed]
    if not proposal.parts:
        return None
    columns = {**mapping.columns, **dict.fromkeys(mapping.todo, "(null)")}
    whole: FeedMapping = msgspec.structs.replace(mapping, todo=(), columns=columns)
    alone = msgspec.structs.replace(config, feeds={feed: whole})
    try:
        offer = (await asyncio.to_thread(offers, alone, source)).offered[feed]
        return await _rows(source, offer.selection)
    except HalfopenError as error:
        found.errors.append(str(error))
        return None


async def _rows(source: Source, selection: object) -> Rows:
    async with source.stream(selection, None, Format.CSV) as stream:
        body = b"".join([block async for block in stream])
    return [dict(zip(selection.names, row, strict=True)) for row in csv.reader(io.StringIO(body.decode(), newline=""))]


def table(scores: Iterable[Score]) -> str:
    """For people: mappable required fields, mapped right, percent; then what is not right."""
    lines = [
        f"{'schema':10} {'mappable':>8} {'right':>6} {'percent':>8} {'wrong':>6} {'missing':>8} {'silently wrong':>15}"
    ]
    for s in scores:
        counts = f"{len(s.wrong):6} {len(s.missing):8} {len(s.silent):15}"
        lines.append(f"{s.name:10} {s.mappable:8} {s.right:6} {s.percent:8.1f} {counts}")
        lines += [f"    wrong: {', '.join(s.wrong)}"] if s.wrong else []
        lines += [f"    {error}" for error in s.errors]
        lines += [f"    missing: {', '.join(s.missing)}"] if s.missing else []
        lines += [f"    offered, though the key has none: {', '.join(s.extra)}"] if s.extra else []
    return "\n".join(lines)
