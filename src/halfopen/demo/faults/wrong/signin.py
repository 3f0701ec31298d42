"""Faults of signing in."""

import base64

from halfopen.demo.faults.exchange import Request, Response, refusal
from halfopen.demo.faults.product import PASSWORD, USER, Product
from halfopen.demo.faults.right.signin import Oauth2


def _given(request: Request) -> tuple[str, str]:
    """User and password of basic sign-in; two empty texts where there are none."""
    try:
        user, _, password = base64.b64decode(request.header("authorization")[6:]).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password


class OpenFeed(Product):
    """One feed forgets to ask who is there."""

    code, feed = "auth_not_required", "wallets"

    def refuse(self, request: Request, feed: str) -> Response | None:
        return None if self.strikes(feed) else super().refuse(request, feed)


class OpenToAll(Product):
    """No feed asks who is there."""

    code, also = "auth_not_required", ("auth_wrong_credentials_accepted",)

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        return None


class AnyPassword(Product):
    """Looks at the user's name and not at the password."""

    code = "auth_wrong_credentials_accepted"

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        return None if _given(request)[0] == USER else self.unauthorised()


class AnythingSigned(Product):
    """Is content with any Authorization header."""

    code = "auth_wrong_credentials_accepted"

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        return None if request.header("authorization") else self.unauthorised()


class HalfAPassword(Product):
    """Compares the beginning of the password alone, as old hashes do."""

    code = "auth_wrong_credentials_accepted"

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        user, password = _given(request)
        return None if user == USER and password[:8] == PASSWORD[:8] else self.unauthorised()


class RowsInRefusal(Product):
    """Refuses with 401, and sends the rows all the same."""

    code, feed = "auth_data_leak", "players"

    def answer(self, request: Request) -> Response:
        feed = self.route(request.path)
        if feed != self.feed or self.refuse(request, feed) is None:
            return super().answer(request)
        start, end = self.window(request, feed)
        rows = self.rows(request, feed, start, end)
        return self.respond(request, feed, rows).but(status=401, headers={"www-authenticate": "Basic"})


class RefusalAs200(Product):
    """Refuses with an error in the body of a 200."""

    code = "auth_failure_as_200"
    also = ("error_as_200",)

    def unauthorised(self) -> Response:
        return refusal(200, "sign in")


class RefusalAsEmpty(Product):
    """Answers who has not signed in with an empty list and 200."""

    code = "auth_failure_as_200"
    also = ("auth_not_required", "auth_wrong_credentials_accepted")

    def refuse(self, request: Request, feed: str) -> Response | None:
        return None if super().refuse(request, feed) is None else self.respond(request, feed, [])


class RefusalAs400(Product):
    """Refuses with 400."""

    code = "auth_failure_status"

    def unauthorised(self) -> Response:
        return refusal(400, "bad credentials")


class RefusalAs500(Product):
    """Falls over who has not signed in."""

    code = "auth_failure_status"
    also = ("server_error",)

    def unauthorised(self) -> Response:
        return refusal(500, "internal error")


class EchoesPassword(Product):
    """Says in its refusal which password was wrong."""

    code = "auth_credentials_echoed"

    def refuse(self, request: Request, feed: str) -> Response | None:
        refused = super().refuse(request, feed)
        if refused is None:
            return None
        return refusal(401, "user %s has no password %s" % _given(request), www_authenticate="Basic")  # noqa: UP031 - a pair


class ShortTokens(Oauth2):
    """Gives out tokens for a minute."""

    code = "auth_token_short_lived"
    expires_in_seconds = 60


class NotOnTheList(Product):
    """Knows nobody's address: 403 for all, whatever they sign in with."""

    code = "ip_not_whitelisted"
    also = ("valid_request_refused",)

    def refuse(self, request: Request, feed: str) -> Response | None:  # noqa: ARG002 - the same for all feeds
        return refusal(403, "your address is not on the list")


class TokenRefused(Oauth2):
    """Gives nobody a token, whatever the credentials."""

    code = "auth_token_refused"
    also = ("valid_request_refused",)

    def knows(self, request: Request) -> bool:  # noqa: ARG002 - nobody
        return False
