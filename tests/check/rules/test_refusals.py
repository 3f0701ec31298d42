"""Rules about refusals: who is turned away, alone or together, and is it told when to come again."""

from dataclasses import replace

import pytest

from halfopen.check.finding import Severity, Status
from halfopen.check.rule import Outcome, rules
from support.seen import NOW, SECOND, Asked, csv, window

HOUR, MINUTE = window("11:00:00", "12:00:00"), window("11:59:00", "12:00:00")
EMPTY = csv(("id", "player_id", "created_at"), [])


def polled(*answers: tuple[float, int, str | None]) -> Asked:
    """Logins, polled so many seconds after the beginning, with these statuses and these words of Retry-After."""
    asked = Asked("logins")
    for after, status, wait in answers:
        headers = {} if wait is None else {"retry_after": wait}
        started = NOW + after * SECOND
        asked.ask(MINUTE, EMPTY if status == 200 else b"", probe="minute", status=status, started=started, **headers)
    return asked


def judged(code: str, asked: Asked) -> Outcome:
    rule = rules()[code]
    return rule.of_product(asked.case()) if rule.of_product else rule.of_feed(asked.seen())


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([(0, 200, None), (10, 429, "1"), (20, 200, None)], Status.FAIL),
        ([(0, 200, None), (10, 503, "40"), (51, 503, "40")], Status.FAIL),
        ([(0, 200, None), (10, 503, None)], Status.PASS),  # an error of the server, which has a rule of its own
        ([(0, 200, None), (0.1, 200, None), (0.2, 429, "20"), (21, 200, None)], Status.PASS),  # asked too fast
        ([(0, 200, None), (0.1, 200, None), (0.2, 429, "20"), (5, 429, "15"), (21, 200, None)], Status.PASS),
        ([(0, 429, "20"), (21, 429, "20")], Status.FAIL),
        ([(0, 503, None)], Status.NOT_VERIFIED),
        ([(0, 200, None), (10, 200, None)], Status.PASS),
    ],
)
def test_a_poll_that_is_refused_alone_is_told(answers: list[tuple[float, int, str | None]], status: Status) -> None:
    found = judged("single_polls_refused", polled(*answers))
    assert found.status is status
    assert bool(found.samples) is (status is Status.FAIL)


@pytest.mark.parametrize(("wait", "severity"), [("20", Severity.SHOULD), (None, Severity.MUST)])
def test_a_refusal_that_says_when_to_come_again_is_less_grave(wait: str | None, severity: Severity) -> None:
    found = judged("single_polls_refused", polled((0, 200, None), (10, 429, wait)))
    assert found.severity is severity


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([(0, 200, None)], Status.NOT_APPLICABLE),
        ([(0, 429, "20"), (21, 200, None)], Status.PASS),
        ([(0, 429, None), (21, 200, None)], Status.FAIL),
    ],
)
def test_a_refusal_says_when_to_come_again(answers: list[tuple[float, int, str | None]], status: Status) -> None:
    assert judged("retry_after_missing", polled(*answers)).status is status


@pytest.mark.parametrize(
    ("alone", "status"), [((), Status.NOT_VERIFIED), (("logins",), Status.FAIL), (("players",), Status.NOT_VERIFIED)]
)
def test_polls_of_the_same_second_are_refused_only_where_one_alone_is_answered(
    alone: tuple[str, ...], status: Status
) -> None:
    asked = Asked("logins")
    for feed in ("logins", "wallets"):
        asked.ask(MINUTE, b"", probe="burst", feed=feed, status=429, started=NOW)
    for feed in alone:
        asked.ask(MINUTE, EMPTY, probe="minute", feed=feed)
    assert judged("parallel_polls_refused", asked).status is status


@pytest.mark.parametrize(("status", "ended"), [(401, Status.FAIL), (200, Status.PASS), (500, Status.NOT_VERIFIED)])
def test_credentials_that_nobody_accepts_are_told(status: int, ended: Status) -> None:
    asked = Asked("logins", auth="bearer").ask(HOUR, EMPTY, status=status)
    assert judged("credentials_refused", asked).status is ended


def test_a_feed_that_timed_out_twice_is_said_to_have_been_left_alone() -> None:
    asked = polled((0, 200, None), (10, 200, None))
    asked.exchanges = [
        replace(one, status=None, error="timed out", error_code="transport_error", ended=one.started + 65 * SECOND)
        for one in asked.exchanges
    ]
    found = judged("transport_error", asked)
    assert found.text.endswith("after 2 of these it was not asked again")
    assert judged("cadence_impossible", asked).samples == (
        "request 1 (minute): 65.0 s, timed out",
        "request 2 (minute): 65.0 s, timed out",
    )
