"""Answers as sync would hand them to a mirror, from rows written in the test."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from halfopen.contract.load import feed as feed_of
from halfopen.sinks.base import Answer, Sink
from halfopen.window.window import Window
from halfopen.wire.csv import line
from halfopen.wire.negotiate import Format

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Row = Mapping[str, str | None]


def at(text: str) -> datetime:
    """A moment of NOON's hour by minute and second, or any moment in full."""
    return datetime.fromisoformat(text if len(text) > 8 else f"2026-03-01 12:{text}").replace(tzinfo=UTC)


def transaction(key: str, updated_at: str = "2026-03-01 12:00:10", **changes: str | None) -> dict[str, str | None]:
    """A row of transactions that has all that is required."""
    return {
        "id": key,
        "player_id": "p1",
        "amount": "10.50",
        "currency": "EUR",
        "dir": "IN",
        "created_at": "2026-03-01 11:00:00",
        "updated_at": updated_at,
        **changes,
    }


def player(key: str, modified_at: str = "2026-03-01 12:00:10", **changes: str | None) -> dict[str, str | None]:
    """A row of players that has all that is required."""
    return {"id": key, "registered_at": "2026-01-01 00:00:00", "modified_at": modified_at, **changes}


def session(key: str, updated_at: str = "2026-03-01 12:00:10", **changes: str | None) -> dict[str, str | None]:
    """A row of game_activity that has all that is required."""
    return {
        "player_id": "p1",
        "session_id": key,
        "game_name": "Starfall",
        "currency": "EUR",
        "bet_count": "3",
        "win_count": "1",
        "bet_amount": "9",
        "win_amount": "4",
        "created_at": "2026-03-01 11:59:00",
        "updated_at": updated_at,
        **changes,
    }


def csv_of(rows: Iterable[Row], columns: Iterable[str] | None = None) -> bytes:
    """A CSV body; the columns are those of the first row unless given."""
    listed = list(rows)
    names = list(columns if columns is not None else listed[0])
    return line(names) + b"".join(line(row.get(name) for name in names) for row in listed)


def ndjson_of(rows: Iterable[Row]) -> bytes:
    """What `wire.json.text_lines` would make of these rows."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


@dataclass
class Answers:
    """Makes answers for one sink; each gets the next sequence and a body of its own."""

    sink: Sink
    folder: Path
    product: str = "vegas"
    _count: int = field(default=0, init=False)

    def __call__(
        self,
        feed: str,
        rows: Iterable[Row] | bytes,
        *,
        window: tuple[str, str] = ("00:00", "01:00"),
        format: Format = Format.CSV,  # noqa: A002 - the field's own name
        fetched_at: datetime = NOON + timedelta(minutes=1, seconds=1),
        **fields: Any,
    ) -> Answer:
        """An answer to the minute from NOON, fetched a second after it, unless told otherwise."""
        encode = csv_of if format is Format.CSV else ndjson_of
        data = rows if isinstance(rows, bytes) else encode(rows)
        self._count += 1
        body = self.folder / f"{self._count}.body"
        body.write_bytes(data)
        given = {
            "product": self.product,
            "feed": feed_of(feed),
            "window": Window(at(window[0]), at(window[1])),
            "rung": 0,
            "body": body,
            "format": format,
            "columns": {},
            "asked_at": fetched_at - timedelta(milliseconds=500),
            "fetched_at": fetched_at,
            "server_date": None,
            "digest": hashlib.sha256(data).hexdigest(),
            "attempts": 1,
            **fields,
        }
        return Answer(**{"seq": fields.get("seq") or self.sink.next_seq(), **given})


def table(sink: Sink, sql: str) -> list[dict[str, Any]]:
    """Rows of a query as dicts."""
    names, rows = sink.query(sql)
    return [dict(zip(names, row, strict=True)) for row in rows]


def stored(sink: Sink, feed: str, product: str = "vegas") -> dict[str, dict[str, Any]]:
    """Stored rows of a feed by key."""
    key = feed_of(feed).key
    return {row[key]: row for row in table(sink, f"SELECT * FROM {feed} WHERE product = '{product}'")}


def custom(row: Mapping[str, Any]) -> Any:
    """What is in `custom`, which engines print with blanks or without."""
    return json.loads(row["custom"])


def of_body(body: Path) -> Answer:
    """An answer of logins with this body, whatever is in it, to the minute from NOON on."""
    return Answer(
        product="casino",
        feed=feed_of("logins"),
        window=Window(NOON, NOON + timedelta(minutes=1)),
        rung=0,
        seq=1,
        body=body,
        format=Format.CSV,
        columns={},
        asked_at=NOON,
        fetched_at=NOON,
        server_date=None,
        digest="",
        attempts=1,
    )
