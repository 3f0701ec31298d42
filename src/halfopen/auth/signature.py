"""A digest over parts of the request and a shared secret, in a query parameter.

What is digested is the template with its words filled in: `{from}{to}{secret}` and the like, each word replaced by
its decoded text, UTF-8.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal
from urllib.parse import unquote

import msgspec

from halfopen.auth import query as queries
from halfopen.auth.base import Signed, Signer, Verifier, Words
from halfopen.auth.replay import Memory, Replays
from halfopen.errors import ConfigError

_WORD: Final = re.compile(r"\{([^{}]*)\}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_TOLERANCE: Final = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MOST_PATHS: Final = 64
_MOST_AHEAD: Final = 10

Digest = Callable[[bytes, bytes], str]
# The weak ones are what operators' systems offer; the contract of a product is not ours to choose.
_DIGESTS: Final[Mapping[str, Digest]] = {
    "md5": lambda _, text: hashlib.md5(text, usedforsecurity=False).hexdigest(),
    "sha1": lambda _, text: hashlib.sha1(text, usedforsecurity=False).hexdigest(),
    "sha256": lambda _, text: hashlib.sha256(text).hexdigest(),
    "hmac-sha256": lambda secret, text: hmac.new(secret, text, "sha256").hexdigest(),
}


class Options(Words, frozen=True):
    """Words of `template`: from, to, path, secret, timestamp, and any other parameter of the query.

    timestamp: the parameter that carries the time in whole seconds since the epoch; then the template names
    `{timestamp}`, who answers refuses what is further than `tolerance` from his clock, and refuses the same request a
    second time. Template words without `{path}` let a signature for one feed open the others. name: what the log
    calls the caller.
    """

    SECRET: ClassVar[frozenset[str]] = frozenset({"secret"})

    template: str
    secret: str
    parameter: str = "sign"
    algorithm: Literal["md5", "sha1", "sha256", "hmac-sha256"] = "md5"
    timestamp: str | None = None
    tolerance: str = "5m"
    name: str = "signature"

    def __post_init__(self) -> None:
        words = _words(self.template)
        if not self.secret:
            raise ValueError("an empty secret would let everybody sign")
        if "secret" not in words and self.algorithm != "hmac-sha256":
            raise ValueError(f"the template has no {{secret}}, so anybody could make the {self.algorithm} of it")
        if ("timestamp" in words) != (self.timestamp is not None):
            raise ValueError('{timestamp} in the template and timestamp = "PARAMETER" need each other')
        taken = {"from", "to", self.timestamp}
        if not self.parameter or self.parameter in taken or self.timestamp in {"", "from", "to"}:
            raise ValueError("parameter and timestamp need names of their own, not from or to")
        if self.parameter in words:
            raise ValueError(f"the template signs {{{self.parameter}}}, which is the signature itself")
        seconds(self.tolerance)


class SignatureSigner:
    """Signs each request; with a timestamp no two of the same are alike, or the second were refused as a replay."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._last: dict[str, tuple[str, int]] = {}

    def sign(self, path: str, query: str, *, now: float | None = None) -> Signed:
        """The request with its signature; a parameter that it has not counts as empty.

        Raises:
            ConfigError: the scheme sends the time, and `now` is not given.
        """
        options = self._options
        if options.timestamp is not None:
            if now is None:
                raise ConfigError('scheme "signature" with a timestamp: who signs must tell the time, and did not')
            stamp = self._stamp(path, query, int(now))
            query = _with(query, options.timestamp, str(stamp))
        given = dict(queries.pairs(query))
        digest = _digest(options, unquote(path, errors="surrogateescape"), lambda word: given.get(word, ""))
        return Signed(_with(query, options.parameter, digest))

    def _stamp(self, path: str, query: str, now: int) -> int:
        """The second, or the one after the last that was used for exactly this request."""
        query_before, before = self._last.pop(path, ("", now - 1))
        # More than a few seconds ahead of the clock means that the clock was set back: follow it.
        stamp = before + 1 if query_before == query and now <= before < now + _MOST_AHEAD else now
        self._last[path] = (query, stamp)
        if len(self._last) > _MOST_PATHS:
            self._last.pop(next(iter(self._last)))
        return stamp


class SignatureVerifier:
    """Works out the same digest; compares without regard to case, in constant time."""

    challenge: str | None = None
    secret_headers: frozenset[str] = frozenset()
    is_costly: bool = False

    def __init__(self, options: Options) -> None:
        self._options = options
        self._words = _words(options.template) - {"path", "secret", "timestamp"}
        self._tolerance = seconds(options.tolerance)
        self._replays: Memory = Replays()
        self.secret_parameters = frozenset({options.parameter})

    def share(self, memory: Callable[[str], Memory]) -> None:
        """Remembers in a memory that others use too; it is asked for by a name that tells this caller from others."""
        identity = "\0".join(map(str, msgspec.structs.astuple(self._options))).encode()
        self._replays = memory(hashlib.blake2b(identity, digest_size=16).hexdigest())

    def verify(self, path: str, query: str, headers: Mapping[str, str], *, now: float | None = None) -> str | None:  # noqa: ARG002 - query only
        """The caller's name; None too where a signed parameter is missing or given twice."""
        given: dict[str, list[str]] = {}
        for name, value in queries.pairs(query):
            given.setdefault(name, []).append(value)
        options = self._options
        needed = self._words | {options.parameter} | ({options.timestamp} if options.timestamp else set())
        if any(len(given.get(name, ())) != 1 for name in needed):
            return None
        found = given[options.parameter][0].lower().encode("utf-8", "surrogateescape")
        right = _digest(options, path, lambda word: given[word][0]).encode("ascii")
        if not hmac.compare_digest(found, right):
            return None
        if options.timestamp is not None and not self._is_new(given[options.timestamp][0], path, right, now):
            return None
        return options.name

    def _is_new(self, stamp: str, path: str, digest: bytes, now: float | None) -> bool:
        """Within the tolerance, edges included, and not seen before; nothing is, without a clock."""
        if now is None or not _SECONDS.fullmatch(stamp) or abs(now - int(stamp)) > self._tolerance:
            return False
        key = hashlib.blake2b(path.encode("utf-8", "surrogateescape") + b"\0" + digest, digest_size=16).digest()
        return self._replays.is_first(key, int(stamp), int(now - self._tolerance))


def seconds(tolerance: str) -> int:
    """A length of time like `90s` or `5m`, in seconds; ValueError for anything else, and for none."""
    found = _TOLERANCE.fullmatch(tolerance)
    if found is None or not int(found[1]):
        raise ValueError(f'tolerance: found {tolerance!r}, needs a length of time like "90s" or "5m"')
    return int(found[1]) * _UNITS[found[2]]


def _words(template: str) -> frozenset[str]:
    if re.search(r"[{}]", _WORD.sub("", template)) or "{}" in template:
        raise ValueError('template: every { needs its } and a word between them, like "{from}{to}{secret}"')
    return frozenset(_WORD.findall(template))


def _digest(options: Options, path: str, parameter: Callable[[str], str]) -> str:
    def filled(match: re.Match[str]) -> str:
        match match[1]:
            case "secret":
                return options.secret
            case "path":
                return path
            case "timestamp":
                return parameter(options.timestamp or "")
            case word:
                return parameter(word)

    text = _WORD.sub(filled, options.template).encode("utf-8", "surrogateescape")
    return _DIGESTS[options.algorithm](options.secret.encode(), text)


def _with(query: str, name: str, value: str) -> str:
    added = f"{queries.spoken(name)}={queries.spoken(value)}"
    return f"{query}&{added}" if query else added


def signer(options: Options) -> Signer:
    """For who asks."""
    return SignatureSigner(options)


def verifier(options: Options) -> Verifier:
    """For who answers."""
    return SignatureVerifier(options)
