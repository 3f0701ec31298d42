"""What the zoo's products are asked and what they say: plain records, so that a fault is a change of one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, kw_only=True)
class Request:
    """A GET: `query` is raw, header names are lower case, `now` is the product's clock in microseconds."""

    path: str
    query: str
    headers: Mapping[str, str]
    now: int
    number: int = 0
    """How many requests came before this one."""

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The decoded query; the first of several of one name."""
        return dict(reversed(parse_qsl(self.query, keep_blank_values=True)))

    def header(self, name: str) -> str:
        """A header, or an empty text."""
        return self.headers.get(name, "")


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer; `delay` in seconds before it starts, `cut` the bytes after which the connection is closed."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None
    is_chunked: bool = False
    """Without Content-Length."""

    def but(self, **changes: Any) -> "Response":
        """The same answer with some of it changed; `headers` are added to those that it has."""
        headers = {**self.headers, **changes.pop("headers", {})}
        return replace(self, headers=headers, **changes)


def refusal(status: int, text: str, **headers: str) -> Response:
    """An error: a small JSON object with one sentence; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = b'{"error": "%s"}' % text.encode()
    return Response(status=status, body=body, headers={"content-type": "application/json", **named})
