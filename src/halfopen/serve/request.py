"""One request on its way through the application, the answers that need no rows, and what the log says of it."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from starlette.types import Scope, Send

from halfopen.contract.load import feeds
from halfopen.serve.delivery import Delivery
from halfopen.serve.problems import Problem
from halfopen.serve.setup import Setup
from halfopen.window.window import Window

_LONGEST_PATH: Final = 200
# From the first quote to the last: the value itself may hold quotes.
_QUOTED: Final = re.compile(r"""["'`].*["'`]""", re.DOTALL)

# What a browser must not do with an answer: these are data, never a page to run, to frame or to tell others of.
_BASE_HEADERS: Final = {
    "Server": "halfopen",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_TLS_HEADERS: Final = {"Strict-Transport-Security": "max-age=31536000"}


@dataclass(slots=True)
class Request:
    """`setup` is the configuration that was in force when it came; a reload does not change it midway."""

    scope: Scope
    send: Send
    id: str
    headers: dict[str, str] = field(repr=False)
    setup: Setup
    caller: str | None = None
    address: str | None = None
    feed: str | None = None
    window: Window | None = None
    delivery: Delivery | None = None
    rows: int = 0
    status: int = 0
    error: str | None = None
    problem: str | None = None
    """The code of the problem that it was answered with."""

    @property
    def path(self) -> str:
        """The decoded path."""
        return str(self.scope["path"])

    @property
    def method(self) -> str:
        """GET, HEAD ..."""
        return str(self.scope["method"])

    @property
    def query(self) -> bytes:
        """The raw query string."""
        return bytes(self.scope["query_string"])

    @property
    def is_started(self) -> bool:
        """Whether the rows' first byte has left, so that no other answer can be given."""
        return self.delivery is not None and self.delivery.started

    def base_headers(self) -> dict[str, str]:
        """What every answer carries.

        Date as of now: uvicorn's own is up to a second old, and a puller takes an old Date for a clock that is slow.
        """
        secure = _TLS_HEADERS if self.scope.get("scheme") == "https" else {}
        return {**_BASE_HEADERS, **secure, "Date": _date(int(time.time())), "Request-Id": self.id}

    async def refuse(self, problem: Problem) -> None:
        """Answers with a problem."""
        self.problem = problem.code
        headers = {"Content-Type": "application/problem+json", **problem.headers}
        await self.answer(problem.status, problem.body(self.id), headers)

    async def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Answers with a body that is there already."""
        self.status = status
        sent = {**self.base_headers(), "Content-Length": str(len(body)), **headers}
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in sent.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        await self.send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else body})

    def facts(self, seconds: float) -> dict[str, object]:
        """What the log says; of the query only the window, because credentials may stand in the rest."""
        facts: dict[str, object] = {
            "request_id": self.id,
            "method": self.method[:20],
            "path": self.path[:_LONGEST_PATH],
            "feed": self.feed,
            "caller": self.caller,
            "address": self.address,
            "window": None if self.window is None else str(self.window),
            "status": self.status,
            "rows": self.rows,
            "spooled": True if self.delivery and self.delivery.is_spooled else None,
            "bytes": self.delivery.sent if self.delivery else 0,
            "milliseconds": round(seconds * 1000, 1),
            "error": self.error,
        }
        return {name: fact for name, fact in facts.items() if fact is not None}


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    """Of a second since the epoch; written once a second."""
    return formatdate(second, usegmt=True)


def words_of(error: Exception, feed: str | None) -> str:
    """The text of an error as the log may show it: databases quote the value that they could not read."""
    text = str(error) or type(error).__name__
    holds_secrets = feed is not None and any(field.secret for field in feeds()[feed].fields.values())
    return _QUOTED.sub('"***"', text) if holds_secrets else text
