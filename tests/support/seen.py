"""Products made of rows, for tests of check: what they would answer, without any network."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from halfopen.check.case import Case, FeedCase, build
from halfopen.check.exchange import Exchange
from halfopen.check.observe import Observer
from halfopen.config.product import read_product
from halfopen.window.window import Window
from halfopen.wire.csv import line

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    """A moment of the test's day: `11:30:00`."""
    return datetime.fromisoformat(f"2026-01-01 {text}").replace(tzinfo=UTC)


def window(start: str, end: str) -> Window:
    """A window of the test's day."""
    return Window(at(start), at(end))


Bodies = Callable[[Window], bytes]


def csv(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> bytes:
    """A body of CSV with its header row."""
    return line(columns) + b"".join(line(row) for row in rows)


class Asked:
    """A conversation: every `ask` is a second later than the one before."""

    def __init__(self, feed: str, *, auth: str = "none") -> None:
        self.feed = feed
        self.auth = auth
        self.exchanges: list[Exchange] = []

    def ask(
        self,
        asked: Window | None,
        body: bytes,
        *,
        probe: str = "hour",
        status: int = 200,
        credentials: str = "right",
        started: datetime | None = None,
        feed: str | None = None,
        content_type: str = "text/csv",
        **headers: str,
    ) -> "Asked":
        """One more exchange; header names with `_` for `-`."""
        number = len(self.exchanges) + 1
        begun = started or NOW + number * SECOND
        self.exchanges.append(
            Exchange(
                number=number,
                feed=feed or self.feed,
                probe=probe,
                window=asked,
                credentials=credentials,
                url="http://127.0.0.1/api",
                sent={},
                status=status,
                headers={"content-type": content_type, **{n.replace("_", "-"): v for n, v in headers.items()}},
                body=body,
                size=len(body),
                started=begun,
                ended=begun + SECOND / 10,
            )
        )
        return self

    def case(self, *, watched: float = 0.0, **words: object) -> Case:
        """The case of everything that was asked."""
        auth = {"scheme": "bearer", "token": "t0ken"} if self.auth == "bearer" else {"scheme": "none"}
        product = read_product("test", {"url": "http://127.0.0.1", "auth": auth, **words}, "test")
        observer = Observer(product.columns)
        return build(
            product,
            [observer.observe(exchange) for exchange in self.exchanges],
            started=NOW,
            finished=NOW + 100 * SECOND,
            asked={exchange.feed or "" for exchange in self.exchanges},
            watched=watched,
        )

    def seen(self) -> FeedCase:
        """The feed's part of the case."""
        return self.case().feeds[self.feed]
