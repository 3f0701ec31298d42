"""Every rule over every feed: verdicts, and findings for what is broken."""

from collections.abc import Collection, Iterator

from halfopen.check.case import Case, FeedCase
from halfopen.check.finding import MOST_SAMPLES, Finding, Status, Verdict
from halfopen.check.rule import Outcome, Rule, not_applicable, rules


def judge(case: Case, only: Collection[str] = (), skip: Collection[str] = ()) -> tuple[list[Verdict], list[Finding]]:
    """Verdicts in the order of the rules and feeds; findings not yet ranked."""
    verdicts, findings = [], []
    for rule, feed, outcome in _outcomes(case, only, skip):
        verdicts.append(Verdict(code=rule.code, feed=feed, status=outcome.status, reason=outcome.reason))
        if outcome.status is Status.FAIL:
            findings.append(_finding(rule, feed, outcome))
    return verdicts, findings


def _outcomes(case: Case, only: Collection[str], skip: Collection[str]) -> Iterator[tuple[Rule, str | None, Outcome]]:
    for code, rule in rules().items():
        if (only and code not in only) or code in skip:
            continue
        if rule.of_product is not None:
            yield rule, None, rule.of_product(case)
        for feed in case.feeds.values():
            if rule.of_feed is not None and (not rule.feeds or feed.name in rule.feeds):
                yield rule, feed.name, _of_feed(rule, feed)


def _of_feed(rule: Rule, feed: FeedCase) -> Outcome:
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    assert rule.of_feed is not None  # noqa: S101 - the caller looked
    return rule.of_feed(feed)


def _finding(rule: Rule, feed: str | None, outcome: Outcome) -> Finding:
    return Finding(
        code=rule.code,
        severity=outcome.severity or rule.severity,
        certainty=outcome.certainty or rule.certainty,
        feed=feed,
        count=outcome.count,
        samples=outcome.samples[:MOST_SAMPLES],
        request="" if outcome.seen is None else outcome.seen.curl,
        fix=rule.fix,
        section=rule.section,
        text=outcome.text,
    )
