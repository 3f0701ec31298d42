"""What is said when nothing could be tested: what happened, and what to try."""

from dataclasses import replace

import pytest

from halfopen.check.unreachable import why
from support.seen import Asked, window

MINUTE = window("11:00:00", "11:01:00")


def asked(status: int, *redirects: str, **headers: str) -> Asked:
    found = Asked("players").ask(MINUTE, b"", status=status, **headers)
    found.exchanges = [replace(one, redirects=redirects) for one in found.exchanges]
    return found


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("https://casino.example/api/players?from=a&password=b", "https://casino.example"),
        ("https://casino.example/v2/api/players", "https://casino.example/v2"),
        ("https://casino.example/api/players/?from=a", "https://casino.example"),
        ("https://casino.example/login", "https://casino.example/login"),
    ],
)
def test_who_is_led_elsewhere_is_told_where(target: str, address: str) -> None:
    told = why(asked(301, target).case())
    assert told == f"no feed could be read: it redirects to {address}; give that address"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "status 401: check --auth"),
        (404, "status 404: check the address and the paths"),
        (429, "status 429: it finds that it is asked too often: wait, and ask with --rate 1 (Retry-After: 60)"),
        (503, "status 503: it says that it is not ready: try again later (Retry-After: 60)"),
        (500, "status 500: its log says why"),
        (302, "status 302: it redirects, and to no answer: check the address and the paths"),
    ],
)
def test_each_status_has_its_hint(status: int, told: str) -> None:
    assert why(asked(status, retry_after="60").case()) == f"no feed could be read: {told}"


def test_nobody_was_asked() -> None:
    assert why(Asked("players").case()) == "nothing was asked"
