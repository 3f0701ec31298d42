"""How much of a schema `halfopen init` maps right.

Right is what is served: each feed's rows are streamed as a CRM would get them and compared with the SELECT of the
schema's key, field by field. Denominator: the required fields that the key's SELECTs hold.
"""

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

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
from halfopen.sources.schema import Schema
from halfopen.wire.negotiate import Format

_MILLISECONDS_FROM = 100_000_000_000

Rows = list[dict[str, object]]


@dataclass
class Score:
    """`wrong`: mapped to something else; `missing`: not mapped; `silent`: wrong without a word of doubt."""

    name: str
    engine: str = ""
    history: str = ""
    """When it was first measured, and what that gave."""
    mappable: int = 0
    right: int = 0
    doubted: int = 0
    """Right, yet marked as unsure: what caution costs."""
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    """Feeds that are offered although the key has none."""

    @property
    def percent(self) -> float:
        return 100 * self.right / self.mappable


async def score(  # noqa: PLR0917 - one call an engine
    found: Score,
    schema: Schema,
    url: str,
    source: Source,
    expected: Mapping[str, Rows],
    made: Mapping[str, list[str]],
    folder: Path,
) -> Score:
    """Proposes, writes, loads, serves and compares. `expected`: what each feed should serve; `made`: made-up ids."""
    proposals = Proposer(schema).proposals()
    path = folder / f"{found.name}.{schema.engine}.toml"
    path.write_text(written(schema, proposals, url), encoding="utf-8")
    config = load(path, {"FEED_PASSWORD": "x"}).needed_serve()
    doubts = unsure(proposals.values())
    for feed, rows in expected.items():
        got = await _served(found, config, source, feed, proposals[feed])
        _compare(found, feed, rows, got, proposals[feed], doubts[feed], made.get(feed, []))
    found.extra = [
        feed for feed, mapping in config.feeds.items() if feed not in expected and mapping.offered and not mapping.todo
    ]
    return found


def _compare(  # noqa: PLR0917 - one call a feed
    found: Score,
    feed: str,
    expected: Rows,
    got: Rows | None,
    proposal: Proposal,
    doubts: Sequence[str],
    made: Sequence[str],
) -> None:
    described = feeds()[feed]
    identity = described.key if described.key not in made else "player_id"
    for name in (name for name in described.required if name in expected[0]):
        found.mappable += 1
        if not proposal.parts or name in proposal.todo:
            found.missing.append(f"{feed}.{name}")
            continue
        if got is not None and _is_right(described.fields, name, identity, expected, got, is_made=name in made):
            found.right += 1
            found.doubted += name in doubts
            continue
        found.wrong.append(f"{feed}.{name}")
        if name in doubts:
            continue
        # Beside an identity that is doubted, a field whose own values are right has misled nobody.
        alone = got is not None and _values(described.fields[name], name, expected) == _values(
            described.fields[name], name, got
        )
        if not (identity in doubts and alone):
            found.silent.append(f"{feed}.{name}")


def _is_right(fields: dict[str, Field], name: str, identity: str, expected: Rows, got: Rows, *, is_made: bool) -> bool:
    if is_made:
        values = [row.get(name) for row in got]
        return all(values) and len(set(values)) == len(expected) == len(values)
    pairs = [_pairs(fields, name, identity, rows) for rows in (expected, got)]
    return pairs[0] == pairs[1]


def _values(kind: Field, name: str, rows: Rows) -> Counter[object]:
    return Counter(_plain(kind, row.get(name)) for row in rows)


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
    """For people: mappable required fields; right, of them marked unsure; wrong and marked, wrong and silent; to do."""
    lines = [
        (
            f"{'schema':13} {'engine':11} {'mappable':>8} {'right':>6} {'percent':>8} {'(unsure)':>9}"
            f" {'wrong, unsure':>14} {'wrong, silent':>14} {'to do':>6}  first sight"
        )
    ]
    for s in scores:
        marked = len(s.wrong) - len(s.silent)
        lines.append(
            f"{s.name:13} {s.engine:11} {s.mappable:8} {s.right:6} {s.percent:8.1f} {s.doubted:9} {marked:14}"
            f" {len(s.silent):14} {len(s.missing):6}  {s.history}"
        )
        lines += [f"    wrong: {', '.join(s.wrong)}"] if s.wrong else []
        lines += [f"    without a word: {', '.join(s.silent)}"] if s.silent else []
        lines += [f"    {error}" for error in s.errors]
        lines += [f"    to do: {', '.join(s.missing)}"] if s.missing else []
        lines += [f"    offered, though the key has none: {', '.join(s.extra)}"] if s.extra else []
    return "\n".join(lines)
