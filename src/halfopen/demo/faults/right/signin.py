"""Dialects of signing in."""

import hashlib
import hmac
from typing import Any

from halfopen.demo.faults.exchange import Request, Response, refusal
from halfopen.demo.faults.product import PASSWORD, USER, Product
from halfopen.demo.faults.rows import SECOND

TOKEN_URL = "{url}/oauth/token"  # noqa: S105 - an address; the caller puts the product's own in


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


class BearerToken(Product):
    """Wants a bearer token."""

    words = {"auth": {"scheme": "bearer", "token": PASSWORD}}

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        if _same(request.header("authorization"), f"Bearer {PASSWORD}"):
            return None
        return refusal(401, "sign in", www_authenticate="Bearer")


class KeyInHeader(Product):
    """Wants its key in X-Api-Key, and answers 403 without a challenge."""

    words = {"auth": {"scheme": "bearer", "token": PASSWORD, "header": "X-Api-Key"}}

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        return None if _same(request.header("x-api-key"), PASSWORD) else refusal(403, "wrong key")


class Md5Signature(Product):
    """Wants the md5 of from, to and a secret in the query."""

    words = {"auth": {"scheme": "signature", "template": "{from}{to}{secret}", "secret": PASSWORD, "parameter": "sign"}}

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        given = request.parameters
        text = given.get("from", "") + given.get("to", "") + PASSWORD
        expected = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        return None if _same(given.get("sign", ""), expected) else refusal(403, "wrong signature")


class LoginInQuery(Product):
    """Wants login and password in the query."""

    words = {"auth": {"scheme": "login", "user": USER, "password": PASSWORD}}

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        given = request.parameters
        right = _same(given.get("login", ""), USER) and _same(given.get("password", ""), PASSWORD)
        return None if right else refusal(401, "sign in")


class Oauth2(Product):
    """Gives out bearer tokens for client credentials, for an hour each."""

    words = {
        "auth": {"scheme": "oauth2", "token_url": TOKEN_URL, "client_id": USER, "client_secret": PASSWORD},
    }
    expires_in_seconds = 3600

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._tokens: dict[str, int] = {}

    def answer(self, request: Request) -> Response:
        if request.path != "/oauth/token":
            return super().answer(request)
        if not self.knows(request):
            return refusal(401, "invalid_client")
        token = hashlib.sha256(f"{self.seed} {len(self._tokens)}".encode()).hexdigest()
        self._tokens[token] = request.now + self.expires_in_seconds * SECOND
        body = f'{{"access_token": "{token}", "token_type": "Bearer", "expires_in": {self.expires_in_seconds}}}'
        return Response(body=body.encode(), headers={"content-type": "application/json"})

    def knows(self, request: Request) -> bool:
        """Whether the client is who it says: by basic sign-in or in the form."""
        form = request.parameters
        if (form.get("client_id"), form.get("client_secret")) == (USER, PASSWORD):
            return True
        return super().refuse(request, "") is None

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme.lower() == "bearer" and self._tokens.get(token, 0) > request.now:
            return None
        return refusal(401, "sign in", www_authenticate='Bearer error="invalid_token"')


class RefusesWith403(Product):
    """Refuses who has not signed in with 403 and an empty body."""

    def unauthorised(self) -> Response:
        return Response(status=403)
