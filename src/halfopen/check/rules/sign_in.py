"""Rules about credentials: who has none, or wrong ones, gets nothing."""

from collections.abc import Sequence

from halfopen.check import echo
from halfopen.check.case import Case, FeedCase
from halfopen.check.counted import counted
from halfopen.check.finding import Severity
from halfopen.check.observe import Observation
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_applicable, not_verified, product_rule
from halfopen.check.telling import are_credentials_refused

MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO
_REFUSALS = {401, 403}
_SHORTEST_LIFE = 120.0


def _probes(feed: FeedCase, credentials: str) -> list[Observation]:
    return [
        o
        for o in feed.observations
        if o.exchange.credentials.partition("_")[0] == credentials and o.exchange.status is not None
    ]


def _unasked(feed: FeedCase, credentials: str) -> Outcome | None:
    if feed.case.product.auth.get("scheme") == "none":
        return not_applicable("the product is asked without credentials")
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    if not any(o.exchange.status == 200 for o in feed.valid):  # noqa: PLR2004 - OK
        return not_verified("nothing was answered 200 with the right credentials")
    if not any(o.problem is None for o in feed.valid if o.exchange.status == 200):  # noqa: PLR2004 - OK
        return not_verified("what is answered to the right credentials cannot be read either")
    return None if _probes(feed, credentials) else not_verified(f"it was not asked with {credentials} credentials")


def _lets_in(observation: Observation) -> bool:
    """200 with rows, or with what an answer without rows looks like."""
    return observation.exchange.status == 200 and observation.problem is None and bool(observation.format)  # noqa: PLR2004


def _is_answer(feed: FeedCase, observation: Observation) -> bool:
    """Let in, unless it answers nothing where the right credentials get rows."""
    if not _lets_in(observation):
        return False
    same = [o for o in feed.valid if o.window == observation.window and o.rows]
    return bool(observation.rows) or not same


def _not_required(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "none"):
        return ended
    open_ = [o for o in _probes(feed, "none") if _is_answer(feed, o)]
    if not open_:
        return PASS
    return _let_in(open_, "without any credentials")


def _let_in(open_: Sequence[Observation], how: str) -> Outcome:
    """Requests are counted, as the samples show them; the one with most rows is the evidence."""
    most = max(open_, key=lambda o: len(o.rows))
    requests = counted(len(open_), f"request {how} is", f"requests {how} are")
    text = f"{requests} answered, with {'up to ' if len(open_) > 1 else ''}{counted(len(most.rows), 'row')}"
    return failed(text, seen=most.exchange, samples=map(_answered, open_), count=len(open_))


def _answered(observation: Observation) -> str:
    exchange, rows = observation.exchange, counted(len(observation.rows), "row")
    return f"request {exchange.number}: status {exchange.status}, {rows}"


def _wrong_accepted(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "wrong"):
        return ended
    open_ = [o for o in _probes(feed, "wrong") if _is_answer(feed, o)]
    if not open_:
        return PASS
    if any(_is_answer(feed, o) for o in _probes(feed, "none")):
        return not_applicable("no credentials are needed at all, which has a rule of its own")
    return _let_in(open_, "with a wrong secret")


def _leak(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "none"):
        return ended
    names = [name.encode() for name in feed.feed.required] or [feed.feed.key.encode()]
    for o in (*_probes(feed, "none"), *_probes(feed, "wrong")):
        body = o.exchange.body
        if o.exchange.status in _REFUSALS and sum(name in body for name in names) == len(names):
            count = max(body.count(feed.feed.cursor.encode()), body.count(b"\n"))
            return failed(f"rows stand in the body of a {o.exchange.status}", seen=o.exchange, count=count)
    return PASS


def _as_200(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "none"):
        return ended
    bad = [
        o
        for o in (*_probes(feed, "none"), *_probes(feed, "wrong"))
        if o.exchange.status == 200 and not _is_answer(feed, o)  # noqa: PLR2004 - OK
    ]
    if not bad:
        return PASS
    what = bad[0].problem.text if bad[0].problem else "an answer without rows"
    samples = [
        f"request {o.exchange.number} ({o.exchange.credentials}): status 200, {counted(len(o.rows), 'row')}"
        for o in bad
    ]
    return failed(f"a refusal has status 200: {what}", seen=bad[0].exchange, samples=samples)


def _status(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "none"):
        return ended
    probes = (*_probes(feed, "none"), *_probes(feed, "wrong"))
    bad = [o.exchange for o in probes if o.exchange.status not in {200, 429, 503, *_REFUSALS}]
    led = [o.exchange for o in probes if o.exchange.status == 200 and o.exchange.redirects and not o.rows]  # noqa: PLR2004 - OK
    if led:
        place = led[0].redirects[0].partition("?")[0]
        samples = [f"request {e.number} ({e.credentials}): {e.redirects[0].partition('?')[0]}" for e in led]
        return failed(f"a refusal leads to {place}, with no 401 or 403", seen=led[0], samples=samples)
    if not bad:
        return PASS
    samples = [f"request {e.number} ({e.credentials}): status {e.status}" for e in bad]
    return failed(f"a refusal has status {bad[0].status}, not 401 or 403", seen=bad[0], samples=samples)


def _echoed(case: Case) -> Outcome:
    if case.product.auth.get("scheme") == "none":
        return not_applicable("the product is asked without credentials")
    if all(e.status is None for e in case.exchanges):
        return not_verified("nothing was answered")
    bad = [(o.exchange, place) for feed in case.feeds.values() for o in feed.observations if (place := echo.place(o))]
    if not bad:
        return PASS
    return failed(
        f"a secret that was sent comes back: {bad[0][1]}",
        seen=bad[0][0],
        count=len(bad),
        samples=[f"request {e.number} ({e.feed}, {e.probe}): {place}" for e, place in bad],
    )


def _short_lived(case: Case) -> Outcome:
    if case.product.auth.get("scheme") != "oauth2" and "token_url" not in case.product.auth:
        return not_applicable("no token is asked for")
    if case.token_lifetime is None:
        return not_verified("the token's issuer does not say how long it lives")
    if case.token_lifetime >= _SHORTEST_LIFE:
        return PASS
    return failed(f"a token lives {case.token_lifetime:.0f} s", samples=[f"expires_in {case.token_lifetime:.0f}"])


def _token_refused(case: Case) -> Outcome:
    if case.product.auth.get("scheme") != "oauth2" and "token_url" not in case.product.auth:
        return not_applicable("no token is asked for")
    polls = [e for e in case.exchanges if e.credentials == "right"]
    bad = [e for e in polls if e.error_code == "token_refused"]
    if bad:
        told = [f"request {e.number} ({e.feed}): {e.error}" for e in bad]
        return failed(bad[0].error or "no token", seen=bad[0], samples=told, count=len(bad))
    return PASS if polls else not_verified("nothing was asked")


def _refused(case: Case) -> Outcome:
    """Nobody was let in, which says more about the credentials that were given than about the product."""
    if case.product.auth.get("scheme") == "none":
        return not_applicable("the product is asked without credentials")
    polls = [e for e in case.exchanges if e.credentials == "right" and e.status is not None]
    if are_credentials_refused(case) and any(e.status == 401 for e in polls):  # noqa: PLR2004 - Unauthorized
        return failed(
            f"every request is answered {polls[0].status}: the credentials that the check was given are refused",
            seen=polls[0],
            samples=[f"{e.feed}: status {e.status}" for e in polls],
            count=len(polls),
        )
    return PASS if any(e.status == 200 for e in polls) else not_verified("no request was answered 200")  # noqa: PLR2004 - OK


_F = "sign-in"
RULES = (
    feed_rule("auth_not_required", MUST, _not_required, family=_F, doc="Rows are answered without credentials.",
              fix="Guard this route like the others.", good="401", bad="200 with rows"),
    feed_rule("auth_wrong_credentials_accepted", MUST, _wrong_accepted, family=_F,
              doc="Rows are answered to a wrong secret.", fix="Compare the secret, all of it.", good="401", bad="200"),
    feed_rule("auth_data_leak", MUST, _leak, family=_F, doc="Rows stand in the body of a refusal.",
              fix="End the request when it is refused.", good="an empty body", bad="401 with rows"),
    feed_rule("auth_failure_as_200", MUST, _as_200, family=_F, doc="A refusal has status 200.",
              fix="Answer 401: with 200 a wrong password looks like a product without news.", good="401",
              bad='200 {"error": "unauthorized"}'),
    feed_rule("auth_failure_status", SHOULD, _status, family=_F, doc="A refusal is neither 401 nor 403.",
              fix="Answer 401 or 403.", good="401", bad="400"),
    product_rule("auth_credentials_echoed", SHOULD, _echoed, family=_F, doc="A secret that was sent comes back.",
                 fix="Do not quote the request in errors, headers or redirects: they end up in logs.",
                 good='{"error": "wrong password"}', bad='{"error": "hunter2 is wrong"}'),
    product_rule("auth_token_short_lived", INFO, _short_lived, family=_F, doc="A token lives less than 120 s.",
                 fix="Let tokens live an hour.", good="expires_in 3600", bad="expires_in 30"),
    product_rule("credentials_refused", INFO, _refused, family=_F,
                 doc="Nobody is let in: the credentials that the check was given are refused everywhere.",
                 fix="Give the credentials that the product was told to accept: see --auth.", good="200",
                 bad="401 for every feed"),
    product_rule("auth_token_refused", MUST, _token_refused, family=_F, doc="No token is given for the credentials.",
                 fix="Issue a token for the credentials that you gave out.", good="200 with a token", bad="401"),
)  # fmt: skip
