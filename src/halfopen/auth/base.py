"""What a scheme promises on either side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import msgspec


@dataclass(frozen=True, slots=True)
class Signed:
    """A request with its credentials: the raw query string, and the headers to add. Neither is ever printed."""

    query: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Signer(Protocol):
    """Who asks: adds credentials to a request."""

    def sign(self, path: str, query: str, *, now: float | None = None) -> Signed:
        """The request for `path` with the raw query string `query`, signed.

        path: as it stands in the address, percent-encoded. now: seconds since the epoch, for a scheme that sends the
        time; the others never look at it.
        """
        ...


class Verifier(Protocol):
    """Who answers: tells whether a request carries the right credentials."""

    challenge: str | None
    """What `WWW-Authenticate` says to a caller who is refused; None where the scheme has no such word."""

    secret_parameters: frozenset[str]
    """Names of query parameters that a log must not show."""

    secret_headers: frozenset[str]
    """Names of headers, in lower case, that a log must not show."""

    is_costly: bool
    """Whether `verify` may take tens of milliseconds: a server calls it outside of its event loop."""

    def verify(self, path: str, query: str, headers: Mapping[str, str], *, now: float | None = None) -> str | None:
        """The caller's name, or None.

        path: decoded, as ASGI gives it. headers: names in lower case. now: seconds since the epoch; a scheme with
        expiry accepts nothing without it.
        """
        ...


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of a scheme: printed by name, with `***` for what is secret."""

    SECRET: ClassVar[frozenset[str]] = frozenset()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._shown())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for rich, which would otherwise print the fields."""
        return self._shown()

    def _shown(self) -> list[tuple[str, Any]]:
        return [(name, self._masked(name)) for name in self.__struct_fields__]

    def _masked(self, name: str) -> object:
        value = getattr(self, name)
        return "***" if value and name in self.SECRET else value
