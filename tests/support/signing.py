"""What the tests of sign-in share: how a signed request looks once it has crossed the wire."""

from urllib.parse import unquote

import argon2

from halfopen.auth.flow import TokenAnswer, step

NOW = 1_790_000_000.0
# The cheapest argon2 that there is: what a hash costs is not what these tests are about.
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def received(signed):
    """The headers as a server has them: names in lower case, bytes read as latin-1."""
    return {name.lower(): value.encode().decode("latin-1") for name, value in signed.headers.items()}


def passes(verifier, signed, path="/api/players", now=NOW):
    """The caller, when `signed` for `path` (as in the address) arrives at `verifier`."""
    return verifier.verify(unquote(path), signed.query, received(signed), now=now)


def obtain(signer, now, answer):
    """Drives a flow; `answer` makes a TokenAnswer of a TokenRequest. The requests that were made."""
    flow = signer.flow(now)
    requests = []
    request = step(flow)
    while request is not None:
        requests.append(request)
        request = step(flow, answer(request))
    return requests


def granted(token="t0ken", **more):  # noqa: S107 - no secret, an example
    """An answer with a token."""
    fields = "".join(f',"{name}":{value}' for name, value in more.items())
    return TokenAnswer(200, {}, f'{{"access_token":"{token}"{fields}}}'.encode())
