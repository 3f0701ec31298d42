"""What a scheme promises on either side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Signed:
    """A request with its credentials: the raw query string, and the headers to add."""

    query: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Signer(Protocol):
    """Who asks: adds credentials to a request."""

    def sign(self, path: str, query: str) -> Signed:
        """The request for `path` with the raw query string `query`, signed."""
        ...


class Verifier(Protocol):
    """Who answers: tells whether a request carries the right credentials."""

    challenge: str | None
    """What `WWW-Authenticate` says to a caller who is refused; None where the scheme has no such word."""

    def verify(self, path: str, query: str, headers: Mapping[str, str]) -> str | None:
        """The caller's name, or None; `headers` has names in lower case."""
        ...
