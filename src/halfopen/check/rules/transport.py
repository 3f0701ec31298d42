"""Rules about answers as such: do they come, in time, from where they should, by a clock that is right."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from halfopen.check.case import Case, FeedCase
from halfopen.check.counted import counted
from halfopen.check.exchange import Exchange
from halfopen.check.finding import Certainty, Severity
from halfopen.check.patience import MOST_TIMED_OUT, TIMED_OUT
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_applicable, not_verified, product_rule
from halfopen.check.telling import are_credentials_refused, exchange_line, without_answers

MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO
_SLOW, _IMPOSSIBLE = 10.0, 60.0
_DROPS = 3
_SKEW = timedelta(seconds=5)
_GOOD = frozenset({200, 204})
_LEFT_ALONE = f"; after {MOST_TIMED_OUT} of these it was not asked again"
_EMPTY_FAILS = "only windows without rows fail, which has a rule of its own"
_BIG = 1 << 20
_EXPIRES = timedelta(days=14)
_INDOORS = ("localhost", ".localhost", ".local", ".internal", ".lan", ".test", ".home.arpa")
"""Ends of names that no public server has."""
_MEDIA = {"csv": {"text/csv", "application/csv", "text/comma-separated-values"}, "json": {"application/json"}}
_NDJSON = {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}


def _unoffered(feed: FeedCase) -> Outcome | None:
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    return None if feed.valid else not_verified("it was not asked")


def _nothing_bad(feed: FeedCase) -> Outcome:
    """How a rule ends that found nothing wrong: only what was answered can be right."""
    return PASS if any(o.exchange.status in _GOOD for o in feed.valid) else not_verified("no request was answered 200")


def _server_error(feed: FeedCase) -> Outcome:
    if ended := _unoffered(feed):
        return ended
    if feed.fails_when_empty:
        return not_applicable(_EMPTY_FAILS)
    broken = [o for o in feed.valid if _is_broken(o.exchange) and o.probe not in {"burst", "empty", "future"}]
    bad = [o.exchange for o in broken]
    if feed.fails_for_length(broken):
        return not_applicable("only large windows fail, which has a rule of its own")
    if not bad:
        return _nothing_bad(feed)
    return failed(
        f"valid requests are answered {bad[0].status}",
        seen=bad[0],
        count=len(bad),
        samples=[exchange_line(e) for e in bad],
    )


def _is_broken(exchange: Exchange) -> bool:
    status = exchange.status or 0
    return status >= 500 and not (status == 503 and "retry-after" in exchange.headers)  # noqa: PLR2004 - statuses


def _transport_error(feed: FeedCase) -> Outcome:
    if ended := _unoffered(feed):
        return ended
    broken = [o for o in feed.valid if o.exchange.error_code == "transport_error"]
    bad = [o.exchange for o in broken]
    if not bad:
        return _dropped(feed) or _nothing_bad(feed)
    if feed.fails_for_length(broken):
        return not_applicable("only large windows fail, which has a rule of its own")
    left = sum(e.error == TIMED_OUT for e in bad) >= MOST_TIMED_OUT
    text = f"valid requests are not answered: {bad[0].error}{_LEFT_ALONE if left else ''}"
    return failed(text, seen=bad[0], count=len(bad), samples=[exchange_line(e) for e in bad])


def _dropped(feed: FeedCase) -> Outcome | None:
    """Whether connections end without an answer where this feed is asked, and hardly elsewhere: chance spreads out."""
    again = [e for e in feed.exchanges if e.resent]
    others = [other for other in feed.case.offered if other is not feed]
    elsewhere = sum(bool(e.resent) for other in others for e in other.exchanges)
    if len(again) < _DROPS or len(others) < _DROPS or elsewhere * _DROPS > len(again):
        return None
    text = f"{counted(len(again), 'request')} had to be sent twice: the connection was closed without an answer"
    samples = [exchange_line(e) for e in again]
    return failed(text, seen=again[0], samples=samples, severity=SHOULD, certainty=Certainty.STATISTICAL)


def _unexpected_status(feed: FeedCase) -> Outcome:
    """A valid request that is refused with a status of its own; those with rules of their own are left to them."""
    if ended := _unoffered(feed):
        return ended
    if feed.fails_when_empty:
        return not_applicable(_EMPTY_FAILS)
    if are_credentials_refused(feed.case):
        return not_verified("the credentials are refused everywhere: check --auth")
    own = {200, 429, 503}
    bad = [
        o.exchange
        for o in feed.valid
        if o.exchange.status is not None
        and o.exchange.status not in own
        and 400 <= o.exchange.status < 500  # noqa: PLR2004 - redirects and errors of the server have rules of their own
        and o.probe in {"minute", "burst", "part", "cut", "edge", "repeat", "focus"}
    ]
    if not bad:
        return _nothing_bad(feed)
    return failed(
        f"valid requests are answered {bad[0].status}",
        seen=bad[0],
        count=len(bad),
        samples=[exchange_line(e) for e in bad],
    )


def _redirected(feed: FeedCase) -> Outcome:
    if ended := _unoffered(feed):
        return ended
    hops = [(o.exchange, o.exchange.redirects[0]) for o in feed.valid if o.exchange.redirects]
    if not hops:
        return _nothing_bad(feed)
    far = [(exchange, hop) for exchange, hop in hops if _crosses(exchange.url, hop)]
    exchange, hop = (far or hops)[0]
    samples = [f"request {e.number}: to {h.partition('?')[0]}" for e, h in hops]
    if far:
        text = f"redirects to {hop.partition('?')[0]}, another address, where credentials must not travel"
        return failed(text, seen=exchange, samples=samples, count=len(hops), severity=MUST)
    return failed("redirects before it answers", seen=exchange, samples=samples, count=len(hops))


def _crosses(url: str, hop: str) -> bool:
    here, there = urlsplit(url), urlsplit(hop)
    return (here.scheme, here.hostname, here.port) != (there.scheme, there.hostname, there.port)


def _slow(feed: FeedCase) -> Outcome:
    if ended := _unoffered(feed):
        return ended
    times = sorted(o.exchange.seconds for o in feed.valid if o.exchange.status is not None)
    if not times:
        return not_verified("nothing was answered")
    slow = [o.exchange for o in feed.valid if o.exchange.seconds > _SLOW and o.exchange.status is not None]
    if not slow:
        return _nothing_bad(feed)
    p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
    text = f"answers take up to {times[-1]:.1f} s (half of them {p50:.1f} s, 95 % {p95:.1f} s)"
    slowest = sorted(slow, key=lambda e: -e.seconds)
    return failed(text, seen=slowest[0], count=len(slow), samples=map(_timed, slowest))


def _impossible(feed: FeedCase) -> Outcome:
    if ended := _unoffered(feed):
        return ended
    minutes = [o.exchange for o in feed.valid if o.window is not None and o.window.length <= timedelta(minutes=1)]
    slow = [e for e in minutes if e.seconds > _IMPOSSIBLE]
    if not minutes:
        return not_verified("no window of a minute was asked")
    if not slow:
        answered = any(e.status in _GOOD for e in minutes)
        return PASS if answered else not_verified("no window of a minute was answered")
    text = f"a window of a minute takes {max(e.seconds for e in slow):.0f} s"
    return failed(text, seen=slow[0], count=len(slow), samples=map(_timed, slow))


def _timed(exchange: Exchange) -> str:
    what = exchange.error or f"status {exchange.status}"
    return f"request {exchange.number} ({exchange.probe}): {exchange.seconds:.1f} s, {what}"


def _skew(case: Case) -> Outcome:
    if case.skew is None:
        return not_verified("no answer has a Date header")
    if abs(case.skew) <= _SKEW:
        return PASS
    seconds = case.skew.total_seconds()
    seen = next((e for e in case.exchanges if "date" in e.headers), None)
    return failed(f"its clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} ours", seen=seen)


def _compression(feed: FeedCase) -> Outcome:
    if ended := without_answers(feed):
        return ended
    big = [o.exchange for o in feed.readable if o.exchange.size > _BIG]
    if not big:
        return not_applicable("no answer is longer than 1 MiB")
    plain = [e for e in big if e.headers.get("content-encoding", "identity") == "identity"]
    if not plain:
        return PASS
    return failed(f"{plain[0].size:,} bytes are sent uncompressed", seen=plain[0], count=len(plain))


def _content_type(feed: FeedCase) -> Outcome:
    if ended := without_answers(feed):
        return ended
    bad = []
    for o in feed.signed:
        if o.exchange.status != 200 or o.problem is not None or not o.format:  # noqa: PLR2004 - OK
            continue
        if o.body_shape == "nothing":
            continue
        named = o.exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
        fits = _NDJSON | _MEDIA["json"] if o.format == "ndjson" else _MEDIA[o.format]
        if named not in fits and not (o.format == "json" and named.endswith("+json")):
            bad.append((o.exchange, named, o.format))
    if not bad:
        return PASS
    exchange, named, form = bad[0]
    right = "text/csv" if form == "csv" else "application/json"
    return failed(f"{form.upper()} is sent as {named or 'nothing'!r}, not as {right!r}", seen=exchange, count=len(bad))


def _tls_missing(case: Case) -> Outcome:
    parts = urlsplit(case.product.url)
    if parts.scheme == "https":
        return PASS
    if _is_indoors(parts.hostname or ""):
        return not_applicable("the address is not public")
    text = f"{case.product.url} is not encrypted: credentials and players' data can be read on the way"
    return failed(text, seen=next(iter(case.exchanges), None), samples=[case.product.url])


def _is_indoors(host: str) -> bool:
    """Whether an address is reached from within a machine or a network alone, as are names without a dot."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_INDOORS)


def _tls_invalid(case: Case) -> Outcome:
    if urlsplit(case.product.url).scheme != "https":
        return not_applicable("the address is not https")
    bad = [e for e in case.exchanges if e.error_code == "tls_invalid"]
    if bad:
        return failed(bad[0].error or "", seen=bad[0], samples=[f"{e.feed}: {e.error}" for e in bad], count=len(bad))
    for exchange in case.exchanges:
        if text := exchange.tls.get("not_after"):
            left = datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC) - case.started
            if left < _EXPIRES:
                told = f"the certificate ends in {left.days} days"
                return failed(told, seen=exchange, samples=[f"not after {text}"])
            return PASS
    return not_verified("no certificate was seen")


def _tls_old(case: Case) -> Outcome:
    if urlsplit(case.product.url).scheme != "https":
        return not_applicable("the address is not https")
    for exchange in case.exchanges:
        if version := exchange.tls.get("version"):
            return PASS if version in {"TLSv1.2", "TLSv1.3"} else failed(f"it speaks {version}", seen=exchange)
    return not_verified("no TLS connection was made")


_F = "transport"
RULES = (
    feed_rule("server_error", MUST, _server_error, family=_F, doc="A valid request is answered with a 5xx.",
              fix="Find the error in the server's log; a minute that fails is a hole until it is answered.",
              good="200 for every window", bad="500 for a window of a minute"),
    feed_rule("transport_error", MUST, _transport_error, family=_F, doc="A valid request gets no answer at all.",
              fix="See that the server listens, and answers within a minute without dropping connections.",
              good="200 in 50 ms", bad="connection reset by peer"),
    feed_rule("valid_request_refused", MUST, _unexpected_status, family=_F,
              doc="A plain window with the right credentials is refused.",
              fix="Answer 200 to every window of plain moments, with as many rows as it has, none included.",
              good="200", bad="400 for from=2026-01-01%2007:00:17"),
    feed_rule("redirected", SHOULD, _redirected, family=_F,
              doc="A feed redirects; across hosts or to http the credentials would travel.",
              fix="Give the CRM the address that answers, and answer there.", good="200", bad="302 to http://..."),
    feed_rule("slow_response", SHOULD, _slow, family=_F, doc="An answer takes longer than 10 s.",
              fix="Index the cursor column, and stream rows as they are read.", good="0.1 s", bad="14 s"),
    feed_rule("cadence_impossible", MUST, _impossible, family=_F,
              doc="A window of a minute takes longer than a minute, so polling every minute cannot keep up.",
              fix="Index the cursor column; one window of a minute must be read in seconds.", good="0.1 s", bad="75 s",
              section="Polling Cadence & Offsets"),
    product_rule("clock_skew", SHOULD, _skew, family=_F, doc="The product's clock is more than 5 s off.",
                 fix="Set the server's clock with NTP: a window that is closed for one side is open for the other.",
                 good="0 s", bad="47 s ahead"),
    feed_rule("compression_missing", INFO, _compression, family=_F, doc="A long answer is not compressed.",
              fix="Compress with gzip where Accept-Encoding allows it.", good="gzip", bad="3 MB plain"),
    feed_rule("content_type_wrong", SHOULD, _content_type, family=_F, doc="Content-Type does not name the format.",
              fix="Send text/csv or application/json.", good="text/csv; charset=utf-8", bad="text/html"),
    product_rule("tls_missing", MUST, _tls_missing, family=_F, doc="A public address is not encrypted.",
                 fix="Serve https alone.", good="https://space-vegas.com", bad="http://space-vegas.com"),
    product_rule("tls_invalid", MUST, _tls_invalid, family=_F,
                 doc="The certificate is not valid, or ends within 14 days.",
                 fix="Renew the certificate, and send its whole chain.", good="valid for 60 days", bad="self-signed"),
    product_rule("tls_old", SHOULD, _tls_old, family=_F, doc="The product speaks TLS older than 1.2.",
                 fix="Allow TLS 1.2 and 1.3 alone.", good="TLSv1.3", bad="TLSv1"),
)  # fmt: skip
