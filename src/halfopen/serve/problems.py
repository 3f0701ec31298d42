"""Errors over HTTP: problem+json (RFC 9457) with a stable `code` and the request's id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

import msgspec


@dataclass
class Problem(Exception):  # noqa: N818 - it is an answer, not a failure of the program
    """Ends a request with `status`; `code` is for programs and never changes, `detail` is one line for a person."""

    status: int
    code: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, request_id: str) -> bytes:
        """The JSON that is sent."""
        return msgspec.json.encode(
            {
                "type": "about:blank",
                "title": _title(self.status),
                "status": self.status,
                "detail": self.detail,
                "code": self.code,
                "request_id": request_id,
            }
        )


def not_found(path: str) -> Problem:
    """No such path."""
    return Problem(404, "not_found", f"there is nothing at {path!r}")


def not_offered(name: str, reason: str) -> Problem:
    """A feed that the operator does not serve."""
    return Problem(404, "not_offered", f"the feed {name} is not offered: {reason}")


def method_not_allowed(method: str, allowed: str = "GET, HEAD") -> Problem:
    """Feeds are read, nothing else; tokens are asked for with POST."""
    use = allowed.partition(",")[0]
    return Problem(405, "method_not_allowed", f"{method[:20]} is not allowed here: use {use}", {"Allow": allowed})


def unauthorized(detail: str, challenges: Sequence[str]) -> Problem:
    """No credentials, or wrong ones; which of the two is not told."""
    headers = {"WWW-Authenticate": ", ".join(challenges)} if challenges else {}
    return Problem(401, "unauthorized", detail, headers)


def not_allowed(detail: str) -> Problem:
    """Nobody at this address is let in."""
    return Problem(403, "not_allowed", detail)


def too_many_failures(detail: str, retry_after_seconds: int) -> Problem:
    """Wrong credentials too often."""
    return Problem(429, "too_many_failures", detail, {"Retry-After": str(retry_after_seconds)})


def not_acceptable() -> Problem:
    """The caller takes no encoding that there is."""
    detail = "accept-encoding refuses gzip, zstd and identity alike: take one of them"
    return Problem(406, "not_acceptable", detail, {"Vary": "Accept-Encoding"})


def too_many_rows(most: int) -> Problem:
    """More than the operator lets one answer have."""
    detail = f"the window holds more than {most} rows (serve.limits.max_rows): ask for shorter ones"
    return Problem(413, "too_many_rows", detail)


def too_slow(limit: timedelta) -> Problem:
    """Not done within the operator's limit."""
    detail = f"the answer took longer than {limit} (serve.limits.wall_time): ask for a shorter window"
    return Problem(503, "too_slow", detail, {"Retry-After": "60"})


def unavailable(detail: str, retry_after_seconds: int) -> Problem:
    """The database is away or busy."""
    return Problem(503, "unavailable", detail, {"Retry-After": str(retry_after_seconds)})


def _title(status: int) -> str:
    if status == 425:  # noqa: PLR2004 - RFC 8470 calls it so, the standard library before 3.13 differently
        return "Too Early"
    return HTTPStatus(status).phrase
