"""No rule passes in silence: where nothing could be judged, it says why."""

from dataclasses import replace

import pytest

from halfopen.check.case import Case, build
from halfopen.check.finding import Severity, Status
from halfopen.check.judging import judge
from halfopen.config.product import read_product
from halfopen.contract.load import NAMES
from support.seen import NOW, Asked, window

HOUR, MINUTE = window("11:00:00", "12:00:00"), window("11:59:00", "12:00:00")
PROBES = {
    "burst": MINUTE, "minute": MINUTE, "hour": HOUR, "day": HOUR, "wide": HOUR, "cut": MINUTE, "edge": MINUTE,
    "empty": window("10:00:00", "10:01:00"), "future": window("13:00:00", "14:00:00"), "plus": HOUR, "repeat": HOUR,
    "watch": MINUTE, "all": HOUR, "other_format": HOUR, "unknown_parameter": HOUR, "odd:offset": HOUR,
    "odd:word": None, "missing": None, "equal": None, "inverted": None,
}  # fmt: skip
LATIN = "id,n\u00e4me\r\n1,\u00fc\r\n".encode("latin-1")


def every(body: bytes = b"", **how: object) -> Asked:
    """All feeds, asked all there is to ask, and each answered the same."""
    asked = Asked("players", auth="bearer")
    for probe, asked_window in PROBES.items():
        for name in NAMES:
            asked.ask(asked_window, body, probe=probe, feed=name, **how)
    for credentials in ("none", "wrong"):
        for name in NAMES:
            asked.ask(HOUR, body, probe="anonymous", feed=name, credentials=credentials, **how)
    return asked


def unreachable() -> Asked:
    asked = every()
    asked.exchanges = [
        replace(one, status=None, headers={}, error="cannot connect", error_code="transport_error")
        for one in asked.exchanges
    ]
    return asked


def passed(case: Case) -> set[str]:
    return {one.code for one in judge(case)[0] if one.status is Status.PASS}


def musts(case: Case) -> set[str]:
    return {one.code for one in judge(case)[1] if one.severity is Severity.MUST}


@pytest.mark.parametrize(
    ("asked", "right", "wrong"),
    [
        (unreachable(), set(), {"transport_error", "large_window_failed"}),
        (every(status=301, location="https://elsewhere.test/"), {"auth_credentials_echoed"}, set()),
        (every(status=503), {"auth_credentials_echoed"}, {"server_error"}),
        (every(status=503, retry_after="40"), {"auth_credentials_echoed"}, set()),
        (every(status=429, retry_after="40"), {"auth_credentials_echoed", "retry_after_missing"}, set()),
        (every(LATIN), set(), {"charset_wrong"}),
    ],
    ids=["unreachable", "redirected", "503", "503 for a while", "429", "not UTF-8"],
)
def test_nothing_passes_that_saw_nothing(asked: Asked, right: set[str], wrong: set[str]) -> None:
    case = asked.case()
    # Some rules judge the status, the time or the address of an answer, whatever it holds.
    beside = TRANSPORT if asked.exchanges[0].status == 200 else set()
    assert passed(case) - beside <= right
    assert musts(case) <= wrong


TRANSPORT = {
    "server_error", "transport_error", "valid_request_refused", "redirected", "slow_response", "cadence_impossible",
    "parallel_polls_refused", "single_polls_refused", "credentials_refused", "ip_not_whitelisted",
    "auth_credentials_echoed",
    "large_window_failed", "large_window_refused", "window_missing_server_error", "malformed_window_server_error",
    "future_window_error", "empty_window_error", "unknown_parameter_rejected",
}  # fmt: skip


def test_a_feed_that_was_not_asked_is_not_called_missing() -> None:
    product = read_product("test", {"url": "http://127.0.0.1", "auth": {"scheme": "bearer", "token": "t0ken"}}, "test")
    case = build(product, [], started=NOW, finished=NOW, asked=["wallets"])
    assert case.feeds["wallets"].offered
    verdicts = judge(case)[0]
    assert {one.status for one in verdicts} <= {Status.NOT_VERIFIED, Status.NOT_APPLICABLE}
    assert not any("not offered: " in one.reason for one in verdicts)


def test_wrong_credentials_are_no_fault_of_thirteen_feeds() -> None:
    case = every(status=401).case()
    found = judge(case)[1]
    assert [(one.code, one.severity) for one in found] == [("credentials_refused", Severity.INFO)]
    assert found[0].samples
