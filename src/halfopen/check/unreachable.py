"""Why nothing could be tested, and what to try."""

from typing import Final
from urllib.parse import urlsplit

from halfopen.auth import path_keys
from halfopen.check.case import Case
from halfopen.check.exchange import Exchange
from halfopen.check.patience import REDIRECTION

_HINTS: Final = {
    401: "check --auth",
    403: "check --auth, and whether this machine's address is allowed",
    404: "check the address and the paths",
    429: "it finds that it is asked too often: wait, and ask with --rate 1",
    503: "it says that it is not ready: try again later",
}
_SERVER: Final = 500


def why(case: Case) -> str:
    """One line: what became of the requests, and what would help."""
    polls = [e for e in case.exchanges if e.credentials == "right"]
    if not polls:
        return "nothing was asked"
    last = polls[-1]
    led = [e for e in polls if e.redirects and _origin(e.redirects[-1]) != _origin(case.product.url)]
    if led and len(led) == sum(e.status is not None for e in polls):
        return f"no feed could be read: it redirects to {_address(case, led[-1])}; give that address"
    if last.error_code == "tls_invalid":
        hint = "renew it; where the authority is your own, name its certificate: halfopen check --ca ca.pem"
    elif last.error_code == "token_refused":
        hint = "check auth and its token_url"
    elif last.status in REDIRECTION:
        hint = "it redirects, and to no answer: check the address and the paths"
    else:
        hint = _HINTS.get(last.status or 0, "its log says why" if (last.status or 0) >= _SERVER else "")
    wait = last.headers.get("retry-after")
    when = f" (Retry-After: {wait})" if wait and last.status in {429, 503} else ""
    what = last.error or f"status {last.status}"
    return f"no feed could be read: {what}{f': {hint}' if hint else ''}{when}"


def _address(case: Case, exchange: Exchange) -> str:
    """What to give in place of the product's address: where it leads, without the feed's own path."""
    target = exchange.redirects[-1].partition("?")[0].rstrip("/")
    path = path_keys.masked(case.product.path(exchange.feed or "").partition("?")[0]).rstrip("/")
    return target.removesuffix(path).rstrip("/")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
