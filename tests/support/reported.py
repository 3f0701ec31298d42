"""A report as a check of 13 feeds gives it: one grave finding, and one that follows from it."""

from datetime import UTC, datetime

from halfopen.check.finding import Certainty, FeedSeen, Finding, Report, Severity, Status, Verdict
from halfopen.check.rule import rules
from halfopen.contract.load import NAMES

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
LONG = "7337ac21-e312d896-0dc633bf of 2026-05-01 11:03:34 is in [2026-05-01 11:03:33, 2026-05-01 11:03:34)"


def report_of_a_check() -> Report:
    def found(code: str, severity: Severity, *, root: bool) -> Finding:
        return Finding(
            code=code, severity=severity, certainty=Certainty.PROOF, feed="players", count=30, samples=(LONG,) * 20,
            request='curl -sS -u "crm:$PASSWORD" "http://127.0.0.1:8400/api/players?from=2026-05-01%2011:03:33"',
            fix=rules()[code].fix, section=rules()[code].section, root=root, text="rows of the end are in it",
        )  # fmt: skip

    verdicts = [
        Verdict(code=rule.code, feed=feed, status=Status.PASS)
        for rule in rules().values()
        for feed in (NAMES if rule.of_feed else (None,))
    ]
    return Report(
        target="https://a-product-with-a-rather-long-name.example.com", started=AT, seconds=30.0, requests=219,
        feeds={name: FeedSeen(offered=True, rows=1234) for name in NAMES}, verdicts=tuple(verdicts),
        findings=(
            found("window_upper_bound_inclusive", Severity.MUST, root=True),
            found("created_at_changed", Severity.SHOULD, root=False),
        ),
        suggested_offset_seconds=None, lateness=(), exchanges=(),
    )  # fmt: skip
