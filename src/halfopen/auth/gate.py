"""Whether a request is let in: address, patience, credentials, in this order, and what is answered if not."""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from halfopen.auth import query as queries
from halfopen.auth.allowlist import AllowList
from halfopen.auth.base import Verifier
from halfopen.auth.issuer import TokenEndpoint, TokenReply
from halfopen.auth.lockout import Lockout

_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A request as it comes in.

    path: decoded. query: raw, in latin-1. headers: names in lower case. address: as `AllowList.address` sees it.
    now: seconds since the epoch. monotonic: seconds of a clock that nobody sets.
    """

    path: str
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    address: str
    now: float
    monotonic: float


@dataclass(frozen=True, slots=True)
class Admitted:
    """Let in, under this name."""

    caller: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not let in: 401, 403 or 429; all times in seconds.

    retry_after: for the header of that name, at 429. delay: how long to hold the answer back, at 401.
    """

    status: int
    detail: str
    challenges: tuple[str, ...] = ()
    retry_after: int | None = None
    delay: float = 0.0


class Gate:
    """All callers of one server. Safe to use from several threads, as it must be where `is_costly`."""

    def __init__(
        self, verifiers: Sequence[Verifier], allow: AllowList | None = None, lockout: Lockout | None = None
    ) -> None:
        self._verifiers = tuple(verifiers)
        self._allow = AllowList() if allow is None else allow
        self._lockout = Lockout() if lockout is None else lockout
        self._endpoint = TokenEndpoint(self._verifiers)
        self._lock = threading.Lock()
        self.token_paths = self._endpoint.paths
        """Where tokens are issued; these paths take POST."""
        self.is_costly = self._endpoint.is_costly or any(verifier.is_costly for verifier in self._verifiers)
        """Whether a call may take tens of milliseconds: make it outside of the event loop."""
        self.secret_parameters = frozenset[str]().union(*(v.secret_parameters for v in self._verifiers))
        self.secret_headers = frozenset({"authorization"}).union(*(v.secret_headers for v in self._verifiers))
        self._challenges = tuple(dict.fromkeys(v.challenge for v in self._verifiers if v.challenge))

    def enter(self, presented: Presented) -> Admitted | Refused:
        """Whether this request is let in. No credentials at all are refused too, but are nobody's guess."""
        refused = self._stopped(presented)
        if refused is not None:
            return refused
        for verifier in self._verifiers:
            caller = verifier.verify(presented.path, presented.query, presented.headers, now=presented.now)
            if caller is not None:
                self._forgive(presented)
                return Admitted(caller)
        delay = self._count(presented) if self._tries(presented) else 0.0
        return Refused(_UNAUTHORIZED, "sign in: the credentials are missing or wrong", self._challenges, delay=delay)

    def issue(self, presented: Presented, body: bytes, nonce: bytes) -> TokenReply | Refused:
        """A POST to one of `token_paths`; `nonce` is `tokens.NONCE_BYTES` new random bytes."""
        refused = self._stopped(presented)
        if refused is not None:
            return refused
        reply = self._endpoint.answer(presented.path, presented.headers, body, now=presented.now, nonce=nonce)
        if reply.failed:
            self._count(presented)
        elif reply.caller is not None:
            self._forgive(presented)
        return reply

    def redacted(self, query: str) -> str:
        """A raw query string as a log may show it."""
        return queries.redacted(query, self.secret_parameters)

    def _stopped(self, presented: Presented) -> Refused | None:
        if not self._allow.allows(presented.address):
            return Refused(_FORBIDDEN, f"the address {presented.address} is not on the allow list")
        with self._lock:
            wait = self._lockout.wait(presented.address, presented.monotonic)
        if wait > 0:
            seconds = math.ceil(wait)
            return Refused(
                _TOO_MANY, f"too many wrong credentials from here: ask again in {seconds} s", retry_after=seconds
            )
        return None

    def _tries(self, presented: Presented) -> bool:
        """Whether there are credentials of any kind in the request."""
        if any(presented.headers.get(name) for name in self.secret_headers):
            return True
        return bool(self.secret_parameters & {name for name, _ in queries.pairs(presented.query)})

    def _count(self, presented: Presented) -> float:
        with self._lock:
            return self._lockout.failed(presented.address, presented.monotonic)

    def _forgive(self, presented: Presented) -> None:
        with self._lock:
            self._lockout.succeeded(presented.address, presented.monotonic)
