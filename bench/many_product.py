"""A fast product for `bench/sync_many.py`: one process answers as many products as there are loopback addresses.

Which product is asked is told by the Host header. Each feed has so many new or changed rows a minute (`ROWS`), the same
however often it is asked; a row of an even minute changes in the odd one after it, and is then gone from its first
window, as in any product. Products whose host is in `--hang` read requests and never answer, between a SIGUSR1 and a
SIGUSR2, which also ends their connections.

    python bench/many_product.py PORT [--hang HOST,HOST]
"""

import argparse
import asyncio
import signal
import time
from datetime import UTC, datetime
from typing import ClassVar, cast
from urllib.parse import parse_qs, unquote_plus

import uvloop

from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, Field, Kind

ROWS = {
    "players": 1,
    "contacts": 1,
    "transactions": 3,
    "logins": 2,
    "wallets": 3,
    "bonus_assignments": 1,
    "game_activity": 3,
    "sports_events": 1,
    "sports_bets": 2,
    "sports_odds": 3,
}
"""Rows a minute; the other feeds are empty. Together 20."""
VALUES = {
    Kind.STRING: "a",
    Kind.INTEGER: "12",
    Kind.DECIMAL: "1.50",
    Kind.BOOLEAN: "false",
    Kind.DATETIME: "2024-05-01 00:00:30",
    Kind.DATE: "1985-07-10",
    Kind.CURRENCY: "EUR",
    Kind.COUNTRY: "LV",
    Kind.LOCALE: "lv_LV",
    Kind.TIMEZONE: "Europe/Riga",
    Kind.IP: "192.0.2.7",
    Kind.EMAIL: "a@example.com",
    Kind.PHONE: "+37120000000",
    Kind.URL: "https://example.com/",
}  # fmt: skip
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n\r\n"


def text(feed: Feed, name: str, field: Field) -> str:
    """A good value; `{key}` and `{at}` stand for the row's own."""
    if name == feed.key:
        return "{key}"
    if name == feed.cursor:
        return "{at}"
    return next(iter(field.values)) if field.kind is Kind.CHOICE else VALUES[field.kind]


FEEDS = {feed.path: feed for feed in feeds().values()}
HEADERS = {path: ",".join(feed.fields) + "\r\n" for path, feed in FEEDS.items()}
LINES = {
    path: (",".join(text(feed, name, field) for name, field in feed.fields.items()) + "\r\n").format
    for path, feed in FEEDS.items()
}


def body(path: str, start: int, end: int, now: float) -> bytes:
    """The rows of [start, end), in seconds since the epoch, as they are at `now`."""
    count = ROWS.get(FEEDS[path].name, 0)
    line, lines = LINES[path], [HEADERS[path]]
    for minute in range(start // 60, -(-end // 60)) if count else ():
        for number in range(count):
            stamp = minute * 60 + (number * 17 + 7) % 60
            if start <= stamp < end and (minute % 2 or now < stamp + 60):
                at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(stamp))
                lines.append(line(key=f"{minute // 2}-{number}", at=at))
    return "".join(lines).encode()


class Product(asyncio.Protocol):
    """HTTP/1.1 with nothing but GET.

    hosts: which may hang. hanging: whether they do. held_up: connections on which somebody waits for ever.
    """

    hosts: ClassVar[frozenset[str]] = frozenset()
    hanging: ClassVar[bool] = False
    held_up: ClassVar[set[asyncio.Transport]] = set()
    transport: asyncio.Transport
    held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self.held += data
        while b"\r\n\r\n" in self.held:
            request, _, self.held = self.held.partition(b"\r\n\r\n")
            self.answer(request.decode("latin-1").split("\r\n"))

    def connection_lost(self, _: Exception | None) -> None:
        """Nobody waits any more."""
        self.held_up.discard(self.transport)

    def answer(self, lines: list[str]) -> None:
        """One request."""
        host = next(line.partition(":")[2] for line in lines if line.lower().startswith("host:"))
        if self.hanging and host.strip().partition(":")[0] in self.hosts:
            self.held_up.add(self.transport)
            return
        path, _, query = lines[0].split(" ")[1].partition("?")
        window = parse_qs(query)
        start, end = (moment(window[name][0]) for name in ("from", "to"))
        now = time.time()
        rows = body(path, start, end, now)
        self.transport.write(HEAD.format(len(rows), datetime.fromtimestamp(now, UTC)).encode() + rows)


def moment(told: str) -> int:
    """Seconds since the epoch."""
    return int(datetime.fromisoformat(unquote_plus(told)).replace(tzinfo=UTC).timestamp())


def hang(on: bool) -> None:  # noqa: FBT001 - a signal says it
    """From now on, or no more."""
    Product.hanging = on
    for transport in () if on else tuple(Product.held_up):
        transport.abort()


async def serve(port: int) -> None:
    """Until killed."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, hang, True)  # noqa: FBT003 - asyncio takes arguments by place
    loop.add_signal_handler(signal.SIGUSR2, hang, False)  # noqa: FBT003 - asyncio takes arguments by place
    server = await loop.create_server(Product, "0.0.0.0", port, backlog=4096)  # noqa: S104 - every loopback address is a product of its own
    await server.serve_forever()


def main() -> None:
    """Read the arguments."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("port", type=int)
    words.add_argument("--hang", default="")
    chosen = words.parse_args()
    Product.hosts = frozenset(chosen.hang.split(","))
    uvloop.run(serve(chosen.port))


if __name__ == "__main__":
    main()
