"""Nobody signs in: for a feed behind a network that does it, and for experiments."""

from collections.abc import Mapping

import msgspec

from halfopen.auth.base import Signed, Signer, Verifier


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`scheme = "none"` takes no options."""


class Open:
    """Both sides of no sign-in at all."""

    challenge: str | None = None

    def sign(self, path: str, query: str) -> Signed:  # noqa: ARG002 - a scheme that does not look at the path
        """The request as it is."""
        return Signed(query)

    def verify(self, path: str, query: str, headers: Mapping[str, str]) -> str | None:  # noqa: ARG002 - nothing is looked at
        """Everybody passes, by the name `anonymous`."""
        return "anonymous"


def signer(options: Options) -> Signer:  # noqa: ARG001 - every scheme is made from its options
    """Adds nothing."""
    return Open()


def verifier(options: Options) -> Verifier:  # noqa: ARG001 - every scheme is made from its options
    """Lets everybody pass."""
    return Open()
