"""Held rows judged again: what is read for it, and what becomes of each, in SQL that both engines read alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from halfopen.sinks.base import Answer
from halfopen.sinks.database import Database, aware
from halfopen.sinks.ledger import OF_FEED
from halfopen.window.window import Window


@dataclass(frozen=True, kw_only=True)
class Held:
    """A row in quarantine, as it was kept.

    digest: names it within its feed. raw: JSON, the product's column names with texts and nulls; a row that was none of
    its CSV has its line under `csv`, and the header under `columns` where that was kept. seq: of the last request that
    brought it; seen: when that was fetched. zone: of stamps that said none, None where that was not written down.
    """

    digest: str
    raw: str
    seq: int
    window: Window
    seen: datetime
    zone: str | None


@dataclass(frozen=True, kw_only=True)
class Rejudged:
    """Held rows that are to be judged again: `answer` has their texts as NDJSON, `digests` their names in its order.

    The answer's sequence is that of the request that brought them, so that they replace nothing newer.
    """

    answer: Answer
    digests: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What came of held rows: in the mirror now, outlived by a newer version that is there, or still unusable."""

    replayed: int = 0
    superseded: int = 0
    held: int = 0

    def plus(self, other: "Replayed") -> "Replayed":
        """Both together."""
        return Replayed(
            replayed=self.replayed + other.replayed,
            superseded=self.superseded + other.superseded,
            held=self.held + other.held,
        )


def held(
    database: Database, product: str, feed: str, *, code: str | None, after: tuple[int, str], limit: int
) -> list[Held]:
    """Held rows by request and digest, those beyond `after`; with a code, those that were held for it."""
    of_code = " AND strpos(', ' || codes || ':', ', ' || $p_code::VARCHAR || ':') > 0" if code else ""
    rows = database.rows(
        "SELECT row_digest, raw::VARCHAR, seq, window_start, window_end, last_seen, zone FROM halfopen.quarantine"
        f" WHERE {OF_FEED} AND state = 'held'{of_code}"
        " AND (seq > $p_seq::BIGINT OR (seq = $p_seq::BIGINT AND row_digest > $p_digest::VARCHAR))"
        " ORDER BY seq, row_digest LIMIT $p_limit::BIGINT",
        {"product": product, "feed": feed, "code": code, "seq": after[0], "digest": after[1], "limit": limit},
    )
    return [
        Held(digest=digest, raw=raw, seq=seq, window=Window(aware(start), aware(end)), seen=aware(seen), zone=zone)
        for digest, raw, seq, start, end, seen, zone in rows
    ]


def settle(database: Database, job: Rejudged, unusable: Mapping[int, str], accepted: Mapping[int, bool]) -> Replayed:
    """Write down what became of rows, by their places: codes of those still unusable, whether the others were taken.

    A place in neither is a row of which its own answer had a newer version.
    """
    by_state: dict[tuple[str, str | None], list[str]] = {}
    for place, digest in enumerate(job.digests):
        if place in unusable:
            state: tuple[str, str | None] = ("held", unusable[place])
        else:
            state = ("replayed" if accepted.get(place, False) else "superseded", None)
        by_state.setdefault(state, []).append(digest)
    counts = {"held": 0, "replayed": 0, "superseded": 0}
    for (name, codes), digests in by_state.items():
        counts[name] += _write(database, job.answer, name, codes, digests)
    return Replayed(**counts)


def _write(database: Database, answer: Answer, state: str, codes: str | None, digests: Sequence[str]) -> int:
    return database.write(
        "UPDATE halfopen.quarantine SET state = $p_state::VARCHAR, codes = coalesce($p_codes::VARCHAR, codes)"
        f" WHERE {OF_FEED} AND state = 'held' AND row_digest IN (SELECT unnest($p_digests::VARCHAR[]))",
        {
            "product": answer.product,
            "feed": answer.feed.name,
            "state": state,
            "codes": codes,
            "digests": list(digests),
        },
    )
