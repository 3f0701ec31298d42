"""Login and password: in the query of every request, or once at `token_url` for a token."""

from collections.abc import Generator, Mapping
from typing import ClassVar

from halfopen.auth import flow, hashed
from halfopen.auth.base import Signed, Signer, Verifier, Words
from halfopen.auth.bearer import token_of
from halfopen.auth.flow import TokenAnswer, TokenHolder, TokenRequest
from halfopen.auth.issuer import path_of
from halfopen.auth.query import single, spoken
from halfopen.auth.tokens import Tokens, signing_secret


class Options(Words, frozen=True):
    """The names of the two parameters are the product's; with `token_url` they are fields of the form sent there.

    Who answers may know an argon2 `password_hash` instead, and with `token_url` (its path counts) issues tokens,
    which are signed with the password, or with `signing_key` where only its hash is known.
    """

    SECRET: ClassVar[frozenset[str]] = frozenset({"password", "password_hash", "signing_key"})

    user: str
    password: str | None = None
    password_hash: str | None = None
    user_parameter: str = "login"
    password_parameter: str = "password"  # noqa: S105 - the name of a field
    token_url: str | None = None
    signing_key: str | None = None

    def __post_init__(self) -> None:
        hashed.password(self.password, self.password_hash)
        names = (self.user_parameter, self.password_parameter)
        if not all(names) or names[0] == names[1]:
            raise ValueError("user_parameter and password_parameter need two names that differ")
        if {"from", "to"} & set(names):
            raise ValueError("from and to are the window's parameters; name another")
        if self.token_url is not None and "://" in self.token_url:
            flow.check_url(self.token_url)


class QuerySigner:
    """Adds user and password to the query."""

    def __init__(self, options: Options) -> None:
        plain = hashed.plain_password(options.password)
        pairs = {options.user_parameter: options.user, options.password_parameter: plain}
        self._added = "&".join(f"{spoken(name)}={spoken(value)}" for name, value in pairs.items())

    def sign(self, path: str, query: str, *, now: float | None = None) -> Signed:  # noqa: ARG002 - every path alike
        """The request with both parameters."""
        return Signed(f"{query}&{self._added}" if query else self._added)


class LoginSigner(TokenHolder):
    """Logs in at `token_url` and sends the token it gets."""

    def __init__(self, options: Options, url: str) -> None:
        flow.check_url(url)
        super().__init__(url)
        plain = hashed.plain_password(options.password)
        self._form = {options.user_parameter: options.user, options.password_parameter: plain}

    def _asks(self) -> Generator[TokenRequest, TokenAnswer, TokenAnswer]:
        return (yield TokenRequest(self._url, self._form))


class QueryVerifier:
    """Knows one user and password, each given exactly once in the query."""

    challenge: str | None = None
    secret_headers: frozenset[str] = frozenset()

    def __init__(self, options: Options) -> None:
        self._name = options.user
        self._user = hashed.PlainSecret(options.user)
        self._password = hashed.password(options.password, options.password_hash)
        self._parameters = options.user_parameter, options.password_parameter
        self.secret_parameters = frozenset({options.password_parameter})
        self.is_costly = options.password_hash is not None

    def verify(self, path: str, query: str, headers: Mapping[str, str], *, now: float | None = None) -> str | None:  # noqa: ARG002 - query only
        """The user, when the query holds exactly this user and password."""
        user, password = (single(query, name) for name in self._parameters)
        # Another user pays no hash, for the reason given in basic.py.
        if user is None or password is None or not self._user.matches(user.encode("utf-8", "surrogateescape")):
            return None
        return self._name if self._password.matches(password.encode("utf-8", "surrogateescape"), now) else None


class LoginVerifier:
    """Knows the tokens that it issued for user and password."""

    challenge: str | None = 'Bearer realm="halfopen"'
    secret_headers: frozenset[str] = frozenset({"authorization"})
    is_costly: bool = False
    scope: str = ""
    grant: str | None = None

    def __init__(self, options: Options, url: str) -> None:
        self.name = options.user
        self.token_path = path_of(url)
        self.id_parameter = options.user_parameter
        self.secret_parameter = options.password_parameter
        self.secret_parameters = frozenset({options.password_parameter})
        self.secret = hashed.password(options.password, options.password_hash)
        self.tokens = Tokens(signing_secret(options.password, options.signing_key, "password_hash"), options.user)

    def verify(self, path: str, query: str, headers: Mapping[str, str], *, now: float | None = None) -> str | None:  # noqa: ARG002 - header only
        """The user, when the header holds one of their tokens; `now` is needed."""
        token = token_of(headers.get("authorization", ""))
        return self.name if token and now is not None and self.tokens.accepts(token, now) else None


def signer(options: Options) -> Signer:
    """For who asks."""
    return QuerySigner(options) if options.token_url is None else LoginSigner(options, options.token_url)


def verifier(options: Options) -> Verifier:
    """For who answers."""
    return QueryVerifier(options) if options.token_url is None else LoginVerifier(options, options.token_url)
