"""Nobody signs in: for a feed behind a network that does it, and for experiments."""

from collections.abc import Mapping

from halfopen.auth.base import Signed, Signer, Verifier, Words


class Options(Words, frozen=True):
    """`scheme = "none"` takes no options."""


class Open:
    """Both sides of no sign-in at all."""

    challenge: str | None = None
    secret_parameters: frozenset[str] = frozenset()
    secret_headers: frozenset[str] = frozenset()
    is_costly: bool = False

    def sign(self, path: str, query: str, *, now: float | None = None) -> Signed:  # noqa: ARG002 - a scheme that does not look at the path
        """The request as it is."""
        return Signed(query)

    def verify(self, path: str, query: str, headers: Mapping[str, str], *, now: float | None = None) -> str | None:  # noqa: ARG002 - nothing is looked at
        """Everybody passes, by the name `anonymous`."""
        return "anonymous"


def signer(options: Options) -> Signer:  # noqa: ARG001 - every scheme is made from its options
    """Adds nothing."""
    return Open()


def verifier(options: Options) -> Verifier:  # noqa: ARG001 - every scheme is made from its options
    """Lets everybody pass."""
    return Open()
