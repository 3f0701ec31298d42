"""Rules about refusals: who is turned away, alone or together, and is it told when to come again."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from halfopen.check.case import Case, FeedCase
from halfopen.check.exchange import Exchange
from halfopen.check.finding import Severity
from halfopen.check.pace import retry_after
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_applicable, not_verified, product_rule
from halfopen.check.telling import exchange_line

MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO
_SECOND = timedelta(seconds=1)
_GOOD = frozenset({200, 204})


def _parallel(case: Case) -> Outcome:
    burst = [e for e in case.exchanges if e.probe == "burst"]
    if len(burst) < 2:  # noqa: PLR2004 - one request is no burst
        return not_verified("fewer than two feeds are offered")
    refused = [e for e in burst if e.status in {429, 503} or e.status is None]
    alone = {e.feed for e in case.exchanges if e.probe == "minute" and e.status == 200}  # noqa: PLR2004 - OK
    bad = [e for e in refused if e.feed in alone]
    if not bad:
        together = sum(e.status in _GOOD for e in burst)
        return PASS if together > 1 else not_verified("fewer than two of these polls were answered, and none alone")
    samples = [f"{e.feed}: {e.error or f'status {e.status}'}" for e in bad]
    return _refused(f"{len(bad)} of {len(burst)} polls of the same second are refused", bad, samples)


def _single(case: Case) -> Outcome:
    """Polls that were refused though hardly anything else was asked at the time, and no rest was due."""
    polls = [e for e in case.exchanges if e.credentials == "right" and e.window is not None and e.probe != "burst"]
    bad = [e for e in polls if _is_refusal(e) and _was_alone(e, case.exchanges)]
    if not bad:
        return PASS if any(e.status in _GOOD for e in polls) else not_verified("no poll was answered 200")
    samples = [f"{exchange_line(e)} of {e.feed}, Retry-After {e.headers.get('retry-after', 'missing')}" for e in bad]
    return _refused(f"{len(bad)} of {len(polls)} polls are refused though they were asked alone", bad, samples)


def _refused(text: str, bad: Sequence[Exchange], samples: Sequence[str]) -> Outcome:
    """It is milder where each refusal says when to come again."""
    told = all("retry-after" in e.headers for e in bad)
    return failed(text, seen=bad[0], count=len(bad), samples=samples, severity=SHOULD if told else MUST)


def _is_refusal(exchange: Exchange) -> bool:
    return exchange.status == 429 or (exchange.status == 503 and "retry-after" in exchange.headers)  # noqa: PLR2004 - statuses


def _was_alone(exchange: Exchange, all_: Iterable[Exchange]) -> bool:
    """Whether no more than one other request was on its way in the second before, and every rest was kept."""
    others = 0
    for other in all_:
        if other is exchange or other.started > exchange.started:
            continue
        others += other.ended > exchange.started - _SECOND
        rest = retry_after(other.headers.get("retry-after"), other.ended) if _is_refusal(other) else None
        if rest is not None and other.ended + timedelta(seconds=rest) > exchange.started + _SECOND:
            return False
    return others <= 1


def _whitelist(case: Case) -> Outcome:
    polls = [e for e in case.exchanges if e.credentials == "right"]
    if not polls:
        return not_verified("nothing was asked")
    if all(e.status == 403 for e in polls):  # noqa: PLR2004 - Forbidden
        return failed(
            "every request is answered 403: is the address that we ask from on the allow list?",
            seen=polls[0],
            samples=[exchange_line(e) for e in polls],
        )
    return PASS if any(e.status in _GOOD for e in polls) else not_verified("no request was answered 200")


def _busy(feed: FeedCase) -> Outcome:
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    if not feed.valid:
        return not_verified("it was not asked")
    busy = [o.exchange for o in feed.signed if o.exchange.status == 429]  # noqa: PLR2004 - Too Many Requests
    if not busy:
        return not_applicable("429 was never answered")
    bare = [e for e in busy if "retry-after" not in e.headers]
    if bare:
        return failed("429 is answered without Retry-After", seen=bare[0], samples=[exchange_line(e) for e in bare])
    return PASS


_F = "transport"
RULES = (
    product_rule("parallel_polls_refused", MUST, _parallel, family=_F,
                 doc="All feeds are polled in the same second of each minute, and some of these polls are refused.",
                 fix="Let one caller have one request a feed at a time; if you must refuse, send Retry-After.",
                 good="13 answers of 200", bad="429 for the sixth", section="Polling Cadence & Offsets"),
    product_rule("single_polls_refused", MUST, _single, family=_F,
                 doc="A poll is refused though hardly anything else is asked at the time, and every rest was kept.",
                 fix="Allow one caller a poll of each feed in every minute; if you must refuse, send Retry-After.",
                 good="200 for one poll a second", bad="429 again after the minute that Retry-After named",
                 section="Polling Cadence & Offsets"),
    product_rule("ip_not_whitelisted", INFO, _whitelist, family=_F,
                 doc="Everything is forbidden: the caller's address may not be on the allow list.",
                 fix="Allow the address that the check runs from, then run it again.", good="200", bad="403 everywhere",
                 section="Whitelisting"),
    feed_rule("retry_after_missing", SHOULD, _busy, family=_F, doc="429 does not say how long to wait.",
              fix="Send Retry-After with every 429.", good="429 with Retry-After: 5", bad="429 alone"),
)  # fmt: skip
