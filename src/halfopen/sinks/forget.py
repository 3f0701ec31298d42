"""Erases a person: every row that belongs to them, and whatever else of this product quotes them.

The contract says which rows are theirs: those that name the player, and those that name nobody but refer to such a row
(the odds of a bet). Engine-neutral SQL in the caller's transaction, with named parameters; see `sinks.database`.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from halfopen.contract.judge import VALUE_LIMIT
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, Kind
from halfopen.contract.sql import quote
from halfopen.sinks.database import Database, naive
from halfopen.sinks.graves import PERSON, Graves, new_salt, pointed_at, references

ERASED = "erased"
_PLAIN = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATETIME, Kind.DATE})
_TELLING = frozenset({Kind.EMAIL, Kind.PHONE})
_SHORTEST = 5
_OF_PRODUCT = "product = $p_product::VARCHAR"
_MOST_QUOTES = 10_000


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """Rows erased or cleaned by table; and by feed, keys of other persons' rows whose texts still quote this one."""

    erased: dict[str, int] = field(default_factory=dict)
    quoted: dict[str, list[str]] = field(default_factory=dict)

    def as_plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def forget(database: Database, product: str, player: str, now: datetime) -> Forgotten:
    """Erase a player of a product and leave a tombstone."""
    return _Erasure(database, product, player).run(now)


class _Erasure:
    """What is known of the person so far; `keys` are of rows that are theirs, `needles` texts that give them away."""

    def __init__(self, database: Database, product: str, player: str) -> None:
        self._database = database
        self._product = product
        self._player = player
        self._keys: dict[str, list[str]] = {}
        self._needles = {player}
        self._values: set[str] = set()
        self._erased: dict[str, int] = {}

    def run(self, now: datetime) -> Forgotten:
        """All of it, in the order in which one step learns from another."""
        self._find()
        self._learn()
        self._quarantine()
        self._samples()
        self._holes()
        graves = self._tombstones(now)
        self._count("self_exclusions", self._renamed(graves))
        for feed, keys in self._keys.items():
            self._count("late_rows", self._delete("halfopen.late_rows", "key", keys, feed))
            for table in (feed, *feeds()[feed].several.values()):
                self._count(table, self._delete(quote(table), quote(feeds()[feed].key), keys))
        return Forgotten(erased=self._erased, quoted=self._quotes())

    def _find(self) -> None:
        """Keys of the person's rows, feed by feed, until no further feed refers to what was found."""
        self._keys = {PERSON: [self._player]}
        left = {name: feed for name, feed in feeds().items() if name != PERSON}
        while ready := [feed for feed in left.values() if not left.keys() & {of for _, of in references(feed)}]:
            for feed in ready:
                del left[feed.name]
                pairs = [(name, of) for name, of in references(feed) if self._keys.get(of)]
                if pairs:
                    self._keys[feed.name] = self._keys_of(feed, pairs)

    def _keys_of(self, feed: Feed, pairs: list[tuple[str, str]]) -> list[str]:
        found: set[str] = set()
        for name, of in pairs:
            rows = self._rows(
                f"SELECT DISTINCT {quote(feed.key)} FROM {quote(feed.name)}"
                f" WHERE {_OF_PRODUCT} AND {quote(name)} IN (SELECT unnest($p_keys::VARCHAR[]))",
                keys=self._keys[of],
            )
            found.update(key for (key,) in rows)
        return sorted(found)

    def _learn(self) -> None:
        """From the rows: addresses and numbers that give the person away."""
        for name, keys in self._keys.items():
            feed = feeds()[name]
            telling = [quote(one) for one, of in feed.fields.items() if of.kind in _TELLING]
            if telling and keys:
                rows = self._rows(f"SELECT {', '.join(telling)} FROM {_of(feed)}", keys=keys)
                self._needles.update(_telling(value for row in rows for value in row))

    def _quarantine(self) -> None:
        """Held rows that are theirs or quote them; what they say is learned, and sought again."""
        erased: set[tuple[str, str]] = set()
        while True:
            known = len(self._needles)
            for feed, digest, key, raw in self._candidates():
                if (feed, digest) not in erased and (key in self._keys.get(feed, ()) or self._concerns(feed, raw)):
                    erased.add((feed, digest))
                    self._values.update(value for _, value in _pairs(raw))
                    self._needles.update(_telling_of(feed, raw))
            if len(self._needles) == known:
                break
        for feed in {feed for feed, _ in erased}:
            digests = [digest for of, digest in erased if of == feed]
            self._count("quarantine", self._delete("halfopen.quarantine", "row_digest", digests, feed))

    def _candidates(self) -> list[tuple[str, str, str, str]]:
        """Rows in quarantine that may be meant: as texts JSON writes quotes and such with a backslash."""
        found = self._rows(
            f"SELECT q.feed, q.row_digest, q.key, q.raw::VARCHAR FROM halfopen.quarantine q WHERE {_OF_PRODUCT}"
            " AND EXISTS (SELECT 1 FROM (SELECT unnest($p_needles::VARCHAR[]) AS needle) n"
            " WHERE strpos(q.raw::VARCHAR, n.needle) > 0)",
            needles=[json.dumps(needle, ensure_ascii=False)[1:-1] for needle in self._needles],
        )
        for feed, keys in self._keys.items():
            found += self._rows(
                f"SELECT feed, row_digest, key, raw::VARCHAR FROM halfopen.quarantine WHERE {_OF_PRODUCT}"
                " AND feed = $p_feed::VARCHAR AND key IN (SELECT unnest($p_keys::VARCHAR[]))",
                feed=feed,
                keys=keys,
            )
        return found

    def _concerns(self, feed: str, raw: str) -> bool:
        """Whether any text of a held row quotes the person; amounts and stamps do not."""
        fields = feeds()[feed].fields if feed in feeds() else {}
        return any(
            self._is_quoted(value)
            for name, value in _pairs(raw)
            if name not in fields or fields[name].kind not in _PLAIN
        )

    def _is_quoted(self, text: str) -> bool:
        return any(_quotes(needle, text) for needle in self._needles)

    def _samples(self) -> None:
        """Samples of findings that quote the person, or show a value of theirs."""
        rows = self._rows(f"SELECT feed, code, day, sample::VARCHAR FROM halfopen.findings WHERE {_OF_PRODUCT}")
        samples = [(feed, code, day, json.loads(sample)) for feed, code, day, sample in rows if sample]
        shown = {str(sample["value"]) for *_, sample in samples if sample.get("value")}
        theirs = {value[:VALUE_LIMIT] for value in self._values} | self._shown(shown)
        for feed, code, day, sample in samples:
            value = sample.get("value")
            if value and (value in theirs or self._is_quoted(value)):
                self._write(
                    f"UPDATE halfopen.findings SET sample = $p_sample::JSON WHERE {_OF_PRODUCT}"
                    " AND feed = $p_feed::VARCHAR AND code = $p_code::VARCHAR AND day = $p_day::DATE",
                    feed=feed,
                    code=code,
                    day=day,
                    sample=json.dumps({**sample, "value": None}),
                )
                self._count("findings", 1)

    def _shown(self, values: set[str]) -> set[str]:
        """Which of these values the person's rows have."""
        found: set[str] = set()
        for name, keys in self._keys.items():
            feed = feeds()[name]
            if not keys or not values:
                continue
            texts = ", ".join(f"{quote(one)}::VARCHAR" for one, of in feed.fields.items() if of.kind not in _PLAIN)
            rows = self._rows(
                f"SELECT DISTINCT left(v, {VALUE_LIMIT}) FROM (SELECT unnest(ARRAY[{texts}]) AS v FROM {_of(feed)}) x"
                f" WHERE left(v, {VALUE_LIMIT}) IN (SELECT unnest($p_values::VARCHAR[]))",
                keys=keys,
                values=sorted(values),
            )
            found.update(value for (value,) in rows)
            customs = self._rows(f"SELECT custom::VARCHAR FROM {_of(feed)} AND custom IS NOT NULL", keys=keys)
            found.update(value[:VALUE_LIMIT] for (text,) in customs for _, value in _pairs(text))
        return found

    def _holes(self) -> None:
        rows = self._rows(f"SELECT DISTINCT last_error FROM halfopen.holes WHERE {_OF_PRODUCT}")
        for (error,) in rows:
            if error and self._is_quoted(error):
                count = self._write(
                    f"UPDATE halfopen.holes SET last_error = '{ERASED}' WHERE {_OF_PRODUCT}"
                    " AND last_error = $p_error::VARCHAR",
                    error=error,
                )
                self._count("holes", count)

    def _tombstones(self, now: datetime) -> Graves:
        graves = Graves.read(self._database)
        if not graves.salt:
            self._write("INSERT INTO halfopen.salt VALUES ($p_salt)", salt=new_salt())
            graves = Graves.read(self._database)
        buried = [(PERSON, self._player)]
        buried += [(feed, key) for feed in sorted(pointed_at()) for key in self._keys.get(feed, ())]
        for feed in {feed for feed, _ in buried}:
            self._write(
                "INSERT INTO halfopen.forgotten (product, feed, hash, forgotten_at)"
                " SELECT $p_product::VARCHAR, $p_feed::VARCHAR, h, $p_now::TIMESTAMP"
                " FROM (SELECT unnest($p_hashes::VARCHAR[]) AS h) x ON CONFLICT DO NOTHING",
                feed=feed,
                hashes=[graves.digest(self._product, feed, key) for of, key in buried if of == feed],
                now=naive(now),
            )
        return graves

    def _renamed(self, graves: Graves) -> int:
        """How long it took stays on record; of whom does not."""
        return self._write(
            f"UPDATE halfopen.self_exclusions SET player = $p_name::VARCHAR WHERE {_OF_PRODUCT}"
            " AND player = $p_player::VARCHAR",
            name=f"forgotten {graves.digest(self._product, PERSON, self._player)[:16]}",
        )

    def _quotes(self) -> dict[str, list[str]]:
        """Keys of rows left whose texts quote the person; short numbers may be anything, and are not sought."""
        needles = [needle for needle in self._needles if len(needle) >= _SHORTEST]
        found: dict[str, list[str]] = {}
        for feed in feeds().values():
            texts = [f"{quote(name)}::VARCHAR" for name, of in feed.fields.items() if of.kind not in _PLAIN]
            told = f"concat_ws(chr(30), {', '.join([*texts, 'custom::VARCHAR'])})"
            rows = self._rows(
                f"SELECT key, told FROM (SELECT {quote(feed.key)} AS key, {told} AS told FROM {quote(feed.name)}"
                f" WHERE {_OF_PRODUCT}) x WHERE EXISTS (SELECT 1 FROM (SELECT unnest($p_needles::VARCHAR[]) AS needle)"
                f" n WHERE strpos(x.told, n.needle) > 0) ORDER BY key LIMIT {_MOST_QUOTES}",
                needles=needles,
            )
            keys = [key for key, text in rows if any(_quotes(needle, text) for needle in needles)]
            if keys:
                found[feed.name] = keys
        return found

    def _delete(self, table: str, column: str, keys: list[str], feed: str | None = None) -> int:
        of_feed = " AND feed = $p_feed::VARCHAR" if feed else ""
        return self._write(
            f"DELETE FROM {table} WHERE {_OF_PRODUCT}{of_feed} AND {column} IN (SELECT unnest($p_keys::VARCHAR[]))",
            keys=keys,
            feed=feed,
        )

    def _count(self, table: str, count: int) -> None:
        if count:
            self._erased[table] = self._erased.get(table, 0) + count

    def _rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        return self._database.rows(sql, {"product": self._product, "player": self._player, **values})

    def _write(self, sql: str, **values: Any) -> int:
        return self._database.write(sql, {"product": self._product, "player": self._player, **values})


def _of(feed: Feed) -> str:
    key = quote(feed.key)
    return f"{quote(feed.name)} WHERE {_OF_PRODUCT} AND {key} IN (SELECT unnest($p_keys::VARCHAR[]))"


def _quotes(needle: str, text: str) -> bool:
    """Whether a text has the needle as a word of its own."""
    return re.search(rf"(?<![\w-]){re.escape(needle)}(?![\w-])", text) is not None


def _pairs(raw: str) -> Iterator[tuple[str, str]]:
    """Names and texts of a JSON object; lists and the like as their own text."""
    for name, value in json.loads(raw).items():
        if value is not None:
            yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _telling(values: Iterable[str | None]) -> set[str]:
    return {value.strip() for value in values if value and len(value.strip()) >= _SHORTEST}


def _telling_of(feed: str, raw: str) -> set[str]:
    """Addresses and numbers in a held row, under the contract's names."""
    fields = feeds()[feed].fields if feed in feeds() else {}
    return _telling(value for name, value in _pairs(raw) if name in fields and fields[name].kind in _TELLING)
