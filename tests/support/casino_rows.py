"""Rows of a tiny casino for truths: some change all the time, some come late, some break the contract."""

import random
from datetime import datetime, timedelta

from halfopen.sinks.base import Sink
from halfopen.sync.texts import plain
from support.faulty import Truth

FEEDS = ("players", "wallets", "transactions", "logins")
TEXTS = ('Zoë, "Z"', "line one\nline two", "張偉", "plain", "-5", "", None)
BAD_BALANCE, NO_ID = "12,50 EUR", ""


def truths() -> dict[str, Truth]:
    """Empty ones, of all feeds that `write` fills."""
    return {feed: Truth(feed) for feed in FEEDS}


class Scribe:
    """Writes versions of rows; remembers what must end in quarantine."""

    def __init__(self, made: dict[str, Truth], dice: random.Random) -> None:
        self.truths = made
        self.dice = dice
        self.bad: set[str] = set()
        self.count = 0

    def write(self, at: datetime, rows: int, *, late: float = 0.0, bad: float = 0.0, latest: float = 3) -> None:
        """`rows` rows of each feed stamped about `at`; shares of them late by up to `latest` seconds, or bad."""
        for _ in range(rows):
            self.count += 1
            delay = timedelta(seconds=self.dice.uniform(0.2, latest)) if self.dice.random() < late else timedelta(0)
            stamp = at - timedelta(seconds=self.dice.random() * 0.5)
            self._put(stamp, delay)
            if self.dice.random() < bad:
                self._put_bad(stamp)

    def _put(self, at: datetime, late: timedelta) -> None:
        dice, day = self.dice, "2026-01-01 00:00:00"
        who, text = f"player-{dice.randrange(30)}", dice.choice(TEXTS)
        amount = f"{dice.randrange(10**20)}.{dice.randrange(10**18):018}"
        self.truths["players"].put({"id": who, "registered_at": day, "city": text, "is_blocked": "true"}, at, late=late)
        wallet = {
            "id": f"-w{dice.randrange(20)}",
            "player_id": who,
            "type": "Real",
            "balance": amount,
            "currency": "EUR",
        }
        self.truths["wallets"].put({**wallet, "created_at": day}, at, late=late)
        paid = {"id": f"t{self.count}", "player_id": who, "amount": amount, "currency": "USDT", "dir": "IN"}
        self.truths["transactions"].put({**paid, "created_at": day, "comment": text}, at, late=late)
        self.truths["logins"].put({"id": f"l{self.count}", "player_id": who, "user_agent": text}, at, late=late)

    def _put_bad(self, at: datetime) -> None:
        key = f"bad-{self.count}"
        self.bad.add(key)
        wallet = {"id": key, "player_id": "p", "type": "Real", "balance": BAD_BALANCE, "currency": "EUR"}
        self.truths["wallets"].put({**wallet, "created_at": "2026-01-01 00:00:00"}, at)

    def differences(self, sink: Sink, at: datetime) -> list[str]:
        """What the mirror lacks, has too much, or has otherwise than the truths as of `at`."""
        return [text for feed in FEEDS for text in self._of_feed(sink, feed, at)]

    def _of_feed(self, sink: Sink, feed: str, at: datetime) -> list[str]:
        rows = {key: row.values for key, row in self.truths[feed].now(at).items() if key not in self.bad}
        names = sorted({name for values in rows.values() for name in values})
        columns, found = sink.query(f"select {', '.join(names)} from {feed}")
        stored = {row[columns.index("id")]: dict(zip(columns, map(text_of, row), strict=True)) for row in found}
        lines = [
            f"{feed} {key}: {len(found)} rows, {len(stored)} keys" for key in ["doubled"] if len(found) > len(stored)
        ]
        lines += [f"{feed} {key}: missing" for key in rows.keys() - stored.keys()]
        lines += [f"{feed} {key}: extra" for key in stored.keys() - rows.keys()]
        lines += [
            f"{feed} {key}: {stored[key]} is not {rows[key]}"
            for key in rows.keys() & stored.keys()
            if any(stored[key][name] != rows[key].get(name) for name in names)
        ]
        return lines


def text_of(value: object) -> str | None:
    """As the wire has it."""
    shown = plain(value)
    return shown if shown is None or isinstance(shown, str) else str(shown).lower()
