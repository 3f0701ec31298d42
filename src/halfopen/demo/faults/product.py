"""A product's API that keeps the requirements, step by step; a dialect or a fault is a subclass that changes one step.

Written apart from `halfopen.serve`, so that judging the one does not lean on the other.
"""

import base64
import gzip
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, ClassVar, Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.demo.faults import writing
from halfopen.demo.faults.exchange import Request, Response, refusal
from halfopen.demo.faults.rows import Row, at_once, stamp
from halfopen.demo.faults.world import World

USER: Final = "crm"
PASSWORD: Final = "zoo-7f3a91c2d4"  # noqa: S105 - of a product that holds invented people
GZIP_FROM_BYTES: Final = 1024
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


class Unreadable(Exception):  # noqa: N818 - an answer of 400, not a failure
    """A window that cannot be read; its text is what the answer says."""


class Product:
    """Keeps the requirements: 13 feeds, CSV unless JSON is asked for, basic sign-in.

    A subclass is discovered by its name and says what a checker should find: `code` of which `feed` (None: the
    product as a whole); `also` may come along, in that feed or as `code@feed` in another. `code` None is a correct
    product, with `also` in place of silence.
    """

    code: ClassVar[str | None] = None
    feed: ClassVar[str | None] = None
    also: ClassVar[tuple[str, ...]] = ()
    watch: ClassVar[int] = 0
    """Seconds that a checker has to watch before it can tell."""
    is_slow: ClassVar[bool] = False
    """Judging it takes minutes: left out of short runs."""
    words: ClassVar[Mapping[str, Any]] = {"auth": {"scheme": "basic", "user": USER, "password": PASSWORD}}
    """What a caller writes under `[products.NAME]`, besides the address."""
    is_self_signed: ClassVar[bool] = False
    """Speaks TLS with a certificate of its own making."""
    is_json: ClassVar[bool] = False
    """JSON is what it speaks; None in `format` means this."""

    def __init__(self, seed: int, clock: Callable[[], datetime]) -> None:
        self.seed = seed
        self._clock = clock
        opening = clock()
        self.opened = stamp(opening)
        self.world = _told(seed, opening)
        self.asked = 0
        self._texts: dict[tuple[Row, bool], bytes] = {}

    def now(self) -> int:
        """The product's clock, microseconds since the epoch."""
        return stamp(self._clock())

    def strikes(self, feed: str) -> bool:
        """Whether the fault is in this feed."""
        return self.feed in {None, feed}

    async def handle(self, request: Request) -> Response:
        """Answer a request; a subclass may wait here."""
        return self.answer(request)

    def answer(self, request: Request) -> Response:
        """Answer a request: route, sign-in, window, rows, writing, packing."""
        feed = self.route(request.path)
        if feed is None:
            return refusal(404, "no such feed")
        refused = self.refuse(request, feed)
        if refused is not None:
            return refused
        try:
            start, end = self.window(request, feed)
        except Unreadable as error:
            return refusal(400, str(error))
        return self.respond(request, feed, self.rows(request, feed, start, end))

    def route(self, path: str) -> str | None:
        """The feed behind a path."""
        return _paths().get(path)

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the feed matters to faults
        """The refusal of who has not signed in, or None."""
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if hmac.compare_digest(request.header("authorization").encode(), expected.encode()):
            return None
        return self.unauthorised()

    def unauthorised(self) -> Response:
        """What who has not signed in gets."""
        return refusal(401, "sign in", www_authenticate='Basic realm="zoo"')

    def window(self, request: Request, feed: str) -> tuple[int, int]:  # noqa: ARG002 - the feed matters to faults
        """[from, to) in microseconds; Unreadable for anything else than two moments in their order."""
        start, end = (self.moment(request, name) for name in ("from", "to"))
        if start > end:
            raise Unreadable("to lies before from")
        return start, end

    def moment(self, request: Request, name: str) -> int:
        """One of the two parameters."""
        text = request.parameters.get(name)
        if text is None:
            raise Unreadable(f"{name} is missing")
        return self.read_moment(text)

    def read_moment(self, text: str) -> int:
        """A moment of the plain form, UTC."""
        if not _MOMENT.fullmatch(text):
            raise Unreadable("write YYYY-MM-DD HH:MM:SS")
        try:
            return stamp(datetime.fromisoformat(text).replace(tzinfo=UTC))
        except ValueError:
            raise Unreadable("there is no such moment") from None

    def is_catalogue(self, feed: str) -> bool:
        """Whether each answer holds the whole feed, whatever the window."""
        return feed == "sports_tournaments"

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        """The rows of the window as they stand when asked."""
        if self.is_catalogue(feed):
            return self.read(request, feed, 0, request.now + 1)
        return self.read(request, feed, start, end)

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        """What the database has for [start, end)."""
        return self.world.read(feed, start, end, request.now, self.seen)

    def seen(self, row: Row) -> int:
        """When a row becomes visible, microseconds since the epoch."""
        return at_once(row)

    def contract(self, feed: str) -> Feed:
        """What the requirements say of a feed."""
        return feeds()[feed]

    def columns(self, feed: str) -> Sequence[str]:
        """The columns in the order in which they are sent."""
        return [name for name, field in feeds()[feed].fields.items() if not field.extra]

    def values(self, feed: str, row: Row) -> Mapping[str, object]:  # noqa: ARG002 - the feed matters to faults
        """The row's values by column; depends on nothing but the row."""
        return row.values

    def text(self, feed: str, column: str, value: object) -> str | None:  # noqa: ARG002 - where, for faults
        """A value as it is written, in CSV and between the quotes of JSON; None is null."""
        return writing.text(value)

    def scalar(self, feed: str, column: str, value: object) -> str:
        """A value as a JSON token."""
        if isinstance(value, bool | int | Decimal):
            return writing.text(value) or "null"
        return writing.quoted(self.text(feed, column, value))

    def line(self, feed: str, row: Row) -> bytes:
        """A row as a line of CSV."""
        values = self.values(feed, row)
        return writing.line(self.text(feed, column, values.get(column)) for column in self.columns(feed))

    def record(self, feed: str, row: Row) -> bytes:
        """A row as a JSON object."""
        values = self.values(feed, row)
        pairs = (f'"{name}":{self.scalar(feed, name, values.get(name))}' for name in self.columns(feed))
        return ("{" + ",".join(pairs) + "}").encode()

    def wants_json(self, request: Request) -> bool:
        """Which of the two formats this caller gets."""
        asked = request.parameters.get("format", "")
        if asked in {"csv", "json"}:
            return asked == "json"
        accept = request.header("accept")
        places = [accept.find(kind) for kind in ("application/json", "text/csv")]
        if max(places) < 0:
            return self.is_json
        return places[1] < 0 or 0 <= places[0] < places[1]

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        """The answer with these rows."""
        if self.wants_json(request):
            body, kind = self.json(feed, rows), "application/json"
        else:
            body, kind = self.csv(feed, rows), "text/csv; charset=utf-8"
        return self.pack(request, Response(body=body, headers={"content-type": kind}))

    def header(self, feed: str) -> bytes:
        """The first line of a CSV answer."""
        return writing.line(self.columns(feed))

    def csv(self, feed: str, rows: Sequence[Row]) -> bytes:
        """The body in CSV."""
        return self.header(feed) + b"".join(self._kept(feed, row, is_json=False) for row in rows)

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        """The body in JSON."""
        return b"[" + b",\n".join(self._kept(feed, row, is_json=True) for row in rows) + b"]"

    def pack(self, request: Request, response: Response) -> Response:
        """Compress an answer that is worth it, for who takes it."""
        if "gzip" not in request.header("accept-encoding") or len(response.body) < GZIP_FROM_BYTES:
            return response
        return response.but(body=gzip.compress(response.body, 1, mtime=0), headers={"content-encoding": "gzip"})

    def _kept(self, feed: str, row: Row, *, is_json: bool) -> bytes:
        """A row's text, made once for rows that last."""
        found = self._texts.get((row, is_json))
        if found is None:
            found = self.record(feed, row) if is_json else self.line(feed, row)
            if row.is_kept:
                self._texts[row, is_json] = found
        return found


@lru_cache(maxsize=8)
def _told(seed: int, opening: datetime) -> World:
    """Products that open at the same instant share their story: telling it changes nothing of what was told."""
    return World(seed, opening)


@cache
def _paths() -> dict[str, str]:
    return {path: name for name, feed in feeds().items() for path in (feed.path, *feed.aliases)}
