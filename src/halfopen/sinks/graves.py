"""Erased persons stay erased: salted hashes of who was forgotten, and rows of theirs that come again are let fall.

A hash is SHA-256 over salt, product, feed and key, parted by U+001F. The salt is random, one a mirror, and lies in it:
whoever has the mirror can test whether an id that they know was forgotten, but cannot list whom.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import duckdb

from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.sinks.base import Answer
from halfopen.sinks.database import Database
from halfopen.sinks.duckdb.run import written
from halfopen.sinks.stage import Note, Staged

PERSON = "players"
_SEPARATOR = "\x1f"
_WORDS = re.compile(r'[^",;\t|]+')


@dataclass(frozen=True, kw_only=True)
class Graves:
    """Who was forgotten: hashes by product and by the feed whose keys they are of."""

    salt: str = ""
    hashes: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, database: Database) -> "Graves":
        """As the mirror has them."""
        [(salt,)] = database.rows("SELECT max(salt) FROM halfopen.salt")
        found: dict[str, dict[str, set[str]]] = {}
        for product, feed, digest in database.rows("SELECT product, feed, hash FROM halfopen.forgotten"):
            found.setdefault(product, {}).setdefault(feed, set()).add(digest)
        return cls(
            salt=salt or "",
            hashes={
                product: {feed: frozenset(digests) for feed, digests in by_feed.items()}
                for product, by_feed in found.items()
            },
        )

    def digest(self, product: str, feed: str, key: str) -> str:
        """The hash of a key."""
        return hashlib.sha256(_SEPARATOR.join((self.salt, product, feed, key)).encode()).hexdigest()

    def concern(self, product: str, feed: Feed) -> bool:
        """Whether rows of this feed may have to fall."""
        return product in self.hashes and bool(self._columns(product, feed, feed.fields))

    def let_fall(self, connection: duckdb.DuckDBPyConnection, answer: Answer, staged: Staged) -> Staged:
        """Take the rows of forgotten persons out of a staged answer, with a finding that tells how many."""
        if not self.concern(answer.product, answer.feed):
            return staged
        fallen = 0
        if staged.shape is not None and staged.rows:
            for column, feed in self._columns(answer.product, answer.feed, staged.shape.present):
                start = _SEPARATOR.join((self.salt, answer.product, feed, ""))
                hashes = ", ".join(map(literal, sorted(self.hashes[answer.product][feed])))
                fallen += written(
                    connection,
                    f"DELETE FROM {staged.table} WHERE sha256({literal(start)} || {quote(column)}) IN ({hashes})",
                )
        kept = tuple(one for one in staged.broken if not self._names_one(answer.product, one[1]))
        lost = fallen + len(staged.broken) - len(kept)
        if not lost:
            return staged
        note = Note(code="forgotten_player", count=lost, field=None, value=None)
        return replace(
            staged,
            rows=staged.rows - fallen,
            broken=kept,
            notes=(*staged.notes, note),
            fallen=lost,
        )

    def _columns(self, product: str, feed: Feed, present: Iterable[str]) -> list[tuple[str, str]]:
        """Which of these fields name somebody or something forgotten, with the feed that they name it of."""
        by_feed = self.hashes.get(product, {})
        found = [(feed.key, feed.name)] if feed.name in by_feed else []
        found += [(name, of) for name, of in references(feed) if of in by_feed]
        return [(name, of) for name, of in found if name in set(present)]

    def _names_one(self, product: str, text: str) -> bool:
        """Whether a row that is none has a value that names a forgotten person."""
        words = {word.strip() for word in _WORDS.findall(text)}
        return any(
            self.digest(product, feed, word) in digests
            for feed, digests in self.hashes[product].items()
            for word in words
        )


def references(feed: Feed) -> list[tuple[str, str]]:
    """Fields of a feed that make a row somebody's, with the feed that they point at.

    A row belongs to the player whom it names; one that names none belongs to whoever its other references belong to.
    """
    found = [(name, one.refers_to.partition(".")[0]) for name, one in feed.fields.items() if one.refers_to is not None]
    return [pair for pair in found if pair[1] == PERSON] or found


def new_salt() -> str:
    """For a mirror that has none yet."""
    return secrets.token_hex(32)


def pointed_at() -> frozenset[str]:
    """Feeds of persons' rows that others belong to, besides the players: their erased keys need tombstones too."""
    return frozenset(of for feed in feeds().values() for _, of in references(feed) if of != PERSON)
