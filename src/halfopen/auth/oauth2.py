"""OAuth2 client credentials (RFC 6749 section 4.4): a client's secret for a token, a token for every request."""

import base64
from collections.abc import Generator, Mapping
from typing import ClassVar, Final
from urllib.parse import quote_plus

from halfopen.auth import flow, hashed
from halfopen.auth.base import Signer, Verifier, Words
from halfopen.auth.bearer import token_of
from halfopen.auth.flow import TokenAnswer, TokenHolder, TokenRequest
from halfopen.auth.issuer import DEFAULT_PATH, path_of
from halfopen.auth.tokens import Tokens, signing_secret

_BAD, _UNAUTHORIZED = 400, 401
# Answers to client_secret_basic after which client_secret_post is worth a try.
_OTHER_METHOD: Final = frozenset({None, "invalid_client", "invalid_request", "unauthorized_client"})


class Options(Words, frozen=True):
    """Who asks needs `token_url` and `client_secret`; who answers issues tokens at the path of `token_url`.

    Without it that is `/oauth/token`. Who answers may know an argon2 `client_secret_hash`, and then a `signing_key`,
    instead of the secret.
    """

    SECRET: ClassVar[frozenset[str]] = frozenset({"client_secret", "client_secret_hash", "signing_key"})

    client_id: str
    client_secret: str | None = None
    client_secret_hash: str | None = None
    token_url: str | None = None
    scope: str = ""
    signing_key: str | None = None

    def __post_init__(self) -> None:
        if not self.client_id:
            raise ValueError("client_id is empty")
        if (self.client_secret is None) == (self.client_secret_hash is None):
            raise ValueError("give one of client_secret and client_secret_hash")
        if self.client_secret == "":
            raise ValueError("an empty client_secret would let everybody in")
        if self.client_secret_hash is not None:
            hashed.ArgonSecret(self.client_secret_hash)
        if self.token_url is not None and "://" in self.token_url:
            flow.check_url(self.token_url)


class OAuth2Signer(TokenHolder):
    """Gets a token with client_secret_basic, or client_secret_post where that is refused; remembers which."""

    def __init__(self, options: Options) -> None:
        if options.token_url is None:
            raise ValueError("who signs in needs a token_url")
        flow.check_url(options.token_url)
        super().__init__(options.token_url)
        self._id = options.client_id
        if options.client_secret is None:
            raise ValueError("who signs in needs the client_secret itself: a hash can only be checked against")
        self._secret = options.client_secret
        grant = {"grant_type": "client_credentials"}
        self._grant = {**grant, "scope": options.scope} if options.scope else grant
        self._posts = False

    def _asks(self) -> Generator[TokenRequest, TokenAnswer, TokenAnswer]:
        first, second = (self._post(), self._basic()) if self._posts else (self._basic(), self._post())
        answer = yield first
        if answer.status in {_BAD, _UNAUTHORIZED} and flow.error_code(answer) in _OTHER_METHOD:
            other = yield second
            if other.status < _BAD:
                self._posts = not self._posts
                return other
        return answer

    def _basic(self) -> TokenRequest:
        # RFC 6749 section 2.3.1: both are urlencoded before they are joined.
        pair = f"{quote_plus(self._id)}:{quote_plus(self._secret)}".encode("ascii")
        header = f"Basic {base64.b64encode(pair).decode('ascii')}"
        return TokenRequest(self._url, self._grant, {"Authorization": header})

    def _post(self) -> TokenRequest:
        return TokenRequest(self._url, {**self._grant, "client_id": self._id, "client_secret": self._secret})


class OAuth2Verifier:
    """Knows the tokens that it issued, in this process or in another with the same options."""

    challenge: str | None = 'Bearer realm="halfopen"'
    secret_parameters: frozenset[str] = frozenset()
    secret_headers: frozenset[str] = frozenset({"authorization"})
    is_costly: bool = False
    id_parameter: str = "client_id"
    secret_parameter: str = "client_secret"  # noqa: S105 - the name of a field
    grant: str | None = "client_credentials"

    def __init__(self, options: Options) -> None:
        self.name = options.client_id
        self.scope = options.scope
        self.token_path = path_of(options.token_url) if options.token_url else DEFAULT_PATH
        self.secret = hashed.password(options.client_secret, options.client_secret_hash)
        self.tokens = Tokens(
            signing_secret(options.client_secret, options.signing_key, "client_secret_hash"), options.client_id
        )

    def verify(self, path: str, query: str, headers: Mapping[str, str], *, now: float | None = None) -> str | None:  # noqa: ARG002 - header only
        """The client's id, when the header holds one of its tokens; `now` is needed."""
        token = token_of(headers.get("authorization", ""))
        return self.name if token and now is not None and self.tokens.accepts(token, now) else None


def signer(options: Options) -> Signer:
    """For who asks."""
    return OAuth2Signer(options)


def verifier(options: Options) -> Verifier:
    """For who answers."""
    return OAuth2Verifier(options)
