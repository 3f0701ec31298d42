"""Dialects that an honest product may have grown into."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from halfopen.demo.faults.exchange import Request, Response, refusal
from halfopen.demo.faults.product import PASSWORD, USER, Product
from halfopen.demo.faults.rows import HOUR, SECOND, Row


class UnderAPrefix(Product):
    """Keeps its feeds under a path of their own."""

    words = {"auth": {"scheme": "basic", "user": USER, "password": PASSWORD}, "url": "{url}/crm/v3"}

    def route(self, path: str) -> str | None:
        return super().route(path.removeprefix("/crm/v3")) if path.startswith("/crm/v3/") else None


class MixedFormats(Product):
    """Speaks CSV for what is large and JSON for the rest, whatever is asked for."""

    def wants_json(self, request: Request) -> bool:
        large = {"logins", "wallets", "transactions", "game_activity", "sports_odds"}
        return self.route(request.path) not in large


class Asleep(Product):
    """It is night: nothing has happened for two hours."""

    also = ("feed_stale",)

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        evening = self.opened - 2 * HOUR
        return self.world.read(feed, start, max(start, min(end, evening)), min(request.now, evening))


class ClosesConnections(Product):
    """Closes the connection after each answer."""

    def pack(self, request: Request, response: Response) -> Response:
        return super().pack(request, response).but(headers={"connection": "close"})


class NewestFirst(Product):
    """Sends the newest row first."""

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        return super().rows(request, feed, start, end)[::-1]


class ForEver(Product):
    """Gives bonuses that never run out, which it writes as the last day that there is."""

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        return {**row.values, "end_date": last} if feed == "bonus_assignments" else row.values


class Chargebacks(Product):
    """Some payments that had succeeded fail later."""

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        if feed != "transactions" or row.lot % 3:
            return row.values
        return {**row.values, "status": {"Process": "Success"}.get(str(row.values["status"]), "Fail")}


class Catalogues(Product):
    """Sends what has no stamp in the document's own tables whole: bonuses, assignments, events."""

    also = ("cursor_field_missing",)
    whole = ("bonus_list", "bonus_assignments", "sports_events")

    def is_catalogue(self, feed: str) -> bool:
        return feed in self.whole or super().is_catalogue(feed)

    def columns(self, feed: str) -> Sequence[str]:
        stamps = ("modified_at", "updated_at") if feed in self.whole else ()
        return [name for name in super().columns(feed) if name not in stamps]


class Paced(Product):
    """Answers 429 and says when to come again, to who asks more than twenty times a second."""

    also = ("parallel_polls_refused",)
    is_slow = True
    most = 20
    taken: tuple[int, ...] = ()
    when: Mapping[str, str] = {"retry_after": "1"}

    def answer(self, request: Request) -> Response:
        self.taken = tuple(at for at in self.taken if at > request.now - SECOND)
        if len(self.taken) >= self.most:
            return refusal(429, "slowly, please", **self.when)
        self.taken = (*self.taken, request.now)
        return super().answer(request)
