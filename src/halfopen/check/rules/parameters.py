"""Rules about from and to as texts: how blanks are written, what is no window, how wide one may be."""

from datetime import timedelta

from halfopen.check.case import FeedCase
from halfopen.check.causes import causes_of
from halfopen.check.counted import counted
from halfopen.check.finding import Severity
from halfopen.check.observe import Observation
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_applicable, not_verified
from halfopen.check.sample import Sample, key
from halfopen.check.telling import moment, window_of, without_windows

MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO
_OK, _REDIRECT, _BAD, _SERVER = 200, 300, 400, 500
_BUSY = {429, 503}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def _asked(feed: FeedCase, *probes: str) -> list[Observation]:
    """What was asked for one of these reasons and answered itself; `odd` stands for every `odd:...`."""
    return [
        o
        for o in feed.signed
        if o.probe.partition(":")[0] in probes
        and o.exchange.status not in {None, *_BUSY}
        and not _REDIRECT <= (o.exchange.status or 0) < _BAD
    ]


def _unasked(feed: FeedCase, *probes: str) -> Outcome | None:
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    if _asked(feed, *probes):
        return None
    asked = any(o.probe.partition(":")[0] in probes for o in feed.signed)
    return not_verified("it was not answered" if asked else "it was not asked: other feeds of this product were")


def _plus(feed: FeedCase) -> Outcome:
    if feed.offered and feed.case.spaces.get(feed.name, "%20") == "+":
        return PASS if feed.answers else not_verified("no answer with status 200 could be read")
    return _space(feed, "plus", "+")


def _percent20(feed: FeedCase) -> Outcome:
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    if feed.case.spaces.get(feed.name, "%20") == "%20":
        return PASS if feed.answers else not_verified("no answer with status 200 could be read")
    refused = [o for o in feed.signed if o.probe == "percent20" and o.exchange.status not in {None, _OK}]
    if refused:
        return failed(f"a blank written %20 is answered {refused[0].exchange.status}", seen=refused[0].exchange)
    return not_verified("it was asked with + alone")


def _space(feed: FeedCase, probe: str, mark: str) -> Outcome:
    if ended := without_windows(feed) or _is_respelt(feed, mark) or _unasked(feed, probe):
        return ended
    for o in _asked(feed, probe):
        if o.exchange.status != _OK:
            return failed(f"a blank written {mark} is answered {o.exchange.status}", seen=o.exchange)
        if o.problem is not None or o.window is None:
            return not_verified("the answer could not be read")
        if any(causes_of(other).story.is_flapping for other in feed.case.offered):
            return not_verified("rows come and go, so that none can be called missing")
        same = [a for a in feed.answers if a.window == o.window]
        before = [a.ids() for a in same if a.ended <= o.started]
        after = [a.ids() for a in same if a.started >= o.ended]
        lost = set().union(*before) & set().union(*after) - o.ids() if before and after else set()
        outside = [row for row in o.rows if row.at and not o.window.contains(row.at)] if not feed.is_aggregate else []
        if causes_of(feed).of_extras is None and (lost or outside):
            missing = counted(len(lost), "row of the window is", "rows of the window are")
            text = f"with {mark} for a blank, {missing} missing, {len(outside)} do not belong"
            samples = [Sample(key(one)) for one in sorted(lost)[:20]]
            return failed(text, seen=o.exchange, samples=samples, count=len(lost) + len(outside))
    return PASS


def _is_respelt(feed: FeedCase, mark: str) -> Outcome | None:
    """A window that was asked again with this mark, and has the same rows, shows that it is read."""
    asked_again = any(o.probe == "repeat" and mark in o.exchange.url.partition("?")[2] for o in feed.answers)
    return PASS if asked_again else None


def _not_supported(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed):
        return ended
    cause = causes_of(feed).of_extras
    if cause is not None and cause.code == "parameters_not_supported":
        samples = [
            Sample(f"{window_of(e.observation)}: ", key(e.row.key), f" of {moment(e.row.at)}") for e in cause.shown
        ]
        return failed(cause.text, seen=cause.observation.exchange, samples=samples)
    full = [o for o in feed.answers if o.rows]
    return PASS if full else not_verified("no window had rows")


def _large(feed: FeedCase) -> list[Observation]:
    return [o for o in feed.signed if o.probe in {"hour", "day"} and o.exchange.status not in _BUSY]


def _small_works(feed: FeedCase) -> bool:
    return any(o.exchange.status == _OK for o in feed.valid if o.probe in {"burst", "minute", "empty", "cut", "edge"})


def _large_failed(feed: FeedCase) -> Outcome:
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    large = _large(feed)
    if not large:
        return not_verified("no window of an hour or a day was asked")
    bad = [o for o in large if (o.exchange.status or _SERVER) >= _SERVER]
    if bad and (not _small_works(feed) or any((o.exchange.status or 0) >= _SERVER for o in feed.probed("part"))):
        return not_verified("small windows fail as well")
    if bad and not feed.fails_for_length(bad):
        return not_verified("windows as long are answered, or none is: it is not their length")
    if bad:
        what = bad[0].exchange.error or f"status {bad[0].exchange.status}"
        return failed(f"a window of {_width(bad[0])} fails: {what}", seen=bad[0].exchange, count=len(bad))
    return _answered(large)


def _large_refused(feed: FeedCase) -> Outcome:
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    large = _large(feed)
    if not large:
        return not_verified("no window of an hour or a day was asked")
    bad = [o for o in large if _BAD <= (o.exchange.status or 0) < _SERVER]
    if bad and not _small_works(feed):
        return not_verified("small windows are refused as well")
    if bad:
        return failed(f"a window of {_width(bad[0])} is answered {bad[0].exchange.status}", seen=bad[0].exchange)
    return _answered(large)


def _answered(large: list[Observation]) -> Outcome:
    """How a rule ends that found no large window to fail: one at least must have been answered."""
    answered = any(o.exchange.status == _OK for o in large)
    return PASS if answered else not_verified("no window of an hour or a day was answered")


def _width(observation: Observation) -> str:
    window = observation.window
    hours = 0 if window is None else int(window.length.total_seconds()) // 3600
    return "an hour" if hours == 1 else f"{hours} hours"


def _missing_error(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "missing"):
        return ended
    bad = [o for o in _asked(feed, "missing") if (o.exchange.status or 0) >= _SERVER]
    return failed(f"without from and to it answers {bad[0].exchange.status}", seen=bad[0].exchange) if bad else PASS


def _malformed_error(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "odd"):
        return ended
    bad = [o for o in _asked(feed, "odd") if (o.exchange.status or 0) >= _SERVER]
    if not bad:
        return PASS
    samples = [f"{o.probe.partition(':')[2]}: status {o.exchange.status}" for o in bad]
    return failed(f"a window that is none is answered {bad[0].exchange.status}", seen=bad[0].exchange, samples=samples)


def _malformed_accepted(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed) or _unasked(feed, "odd", "missing"):
        return ended
    bad = []
    for o in _asked(feed, "odd", "missing"):
        if o.exchange.status != _OK or not o.rows:
            continue
        if o.probe == "missing":
            accused = _is_everything(feed, o)
        elif o.window is None:
            accused = True
        elif o.probe == "odd:offset":
            accused = False
        else:
            accused = any(row.at and not o.window.contains(row.at) for row in o.rows) and not feed.is_aggregate
        if accused:
            bad.append(o)
    if not bad or causes_of(feed).of_extras is not None:
        return PASS
    samples = [f"{o.probe.partition(':')[2] or 'no from and to'}: {counted(len(o.rows), 'row')}" for o in bad]
    text = f"a request without a readable window is answered with {counted(len(bad[0].rows), 'row')}"
    return failed(text, seen=bad[0].exchange, samples=samples)


def _is_everything(feed: FeedCase, answer: Observation) -> bool:
    """Whether who gives no window gets the whole table; a window by default is a kindness."""
    if answer.exchange.cut or any(row.at and row.at < answer.started - _DAY for row in answer.rows):
        return True
    known = {row.key for o in feed.valid if o.ended <= answer.started for row in o.rows}
    stamps = [row.at for row in answer.rows if row.at]
    return bool(stamps) and known <= answer.ids() and max(stamps) - min(stamps) > 2 * _HOUR


def _inverted(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed) or _unasked(feed, "inverted"):
        return ended
    bad = [o for o in _asked(feed, "inverted") if o.exchange.status == _OK and o.rows]
    if not bad or causes_of(feed).of_extras is not None:
        return PASS
    return failed(
        f"a window that ends before it starts is answered with {counted(len(bad[0].rows), 'row')}", seen=bad[0].exchange
    )


def _equal(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed) or _unasked(feed, "equal"):
        return ended
    bad = [o for o in _asked(feed, "equal") if o.exchange.status == _OK and o.rows]
    if not bad:
        return PASS
    return failed(
        f"an empty window (from = to) is answered with {counted(len(bad[0].rows), 'row')}", seen=bad[0].exchange
    )


def _future(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "future"):
        return ended
    bad = [o for o in _asked(feed, "future") if o.exchange.status != _OK]
    if bad and any(_refuses_past(o, as_wide_as=bad[0]) for o in feed.valid):
        return not_verified("windows as wide as that are refused in the past as well")
    if bad and any(o.is_whole for o in feed.valid):
        return failed(f"a window in the future is answered {bad[0].exchange.status}", seen=bad[0].exchange)
    return not_verified("no other window was answered either") if bad else PASS


def _refuses_past(observation: Observation, *, as_wide_as: Observation) -> bool:
    """Whether a window of the past, no wider than another one, is refused as that one is."""
    one, other = observation.window, as_wide_as.window
    if one is None or other is None or one.end > observation.started or not one.length:
        return False
    return one.length <= max(other.length, _DAY) and observation.exchange.status == as_wide_as.exchange.status


def _takes_anything(feed: FeedCase) -> Outcome | None:
    if any(o.exchange.status == _OK and o.rows and o.window is None for o in _asked(feed, "odd")):
        return not_verified("what is no moment at all is answered with rows as well")
    return None


def _offset_misread(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed) or _unasked(feed, "odd") or _takes_anything(feed):
        return ended
    asked = [o for o in feed.signed if o.probe == "odd:offset"]
    if not asked or asked[0].window is None:
        return not_verified("no offset was sent")
    answer = asked[0]
    window = answer.window
    if answer.exchange.status != _OK or answer.problem is not None or window is None:
        return PASS
    same = [o for o in feed.answers if o.window == window]
    stay = set.intersection(*(o.ids() for o in same)) if same else set()
    outside = [row for row in answer.rows if row.at and not window.contains(row.at)] if not feed.is_aggregate else []
    if causes_of(feed).of_extras is not None or not stay:
        return not_verified("its windows are wrong in other ways, or had no rows")
    if outside or stay - answer.ids():
        lost = len(stay - answer.ids())
        stray = counted(len(outside), "row does", "rows do")
        text = f"+03:00 is taken for something else: {stray} not belong, {lost} are missing"
        return failed(text, seen=answer.exchange)
    return PASS


def _not_empty_list(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "empty", "future"):
        return ended
    if feed.is_catalogue:
        return not_applicable(feed.no_windows)
    for o in (o for o in feed.valid if o.probe in {"empty", "future"} or o.body_shape == "null"):
        if o.exchange.status == 204:  # noqa: PLR2004 - No Content
            return failed("an empty window is answered 204, without a list", seen=o.exchange, severity=SHOULD)
        if o.exchange.status == _OK and o.problem is not None and _is_no_list(feed, o.problem.code):
            return failed(f"an empty window is no empty list: {o.problem.text}", seen=o.exchange)
        if o.exchange.status == _OK and o.body_shape == "nothing" and o.format == "json" and not _speaks_lines(feed):
            return failed("an empty window is answered with not a byte in place of []", seen=o.exchange)
    read = any(o.problem is None and o.exchange.status == _OK for o in _asked(feed, "empty", "future"))
    return PASS if read else not_verified("no answer to an empty window could be read")


def _is_no_list(feed: FeedCase, code: str) -> bool:
    return code == "json_not_array" or feed.is_odd_when_empty


def _speaks_lines(feed: FeedCase) -> bool:
    """One object a line: no rows are not a byte."""
    return any(o.format == "ndjson" for o in feed.answers)


def _empty_error(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "empty"):
        return ended
    if feed.is_catalogue:
        return not_applicable(feed.no_windows)
    bad = [o for o in feed.valid if _is_refused_empty(feed, o)]
    if (
        bad
        and not feed.fails_when_empty
        and any((o.exchange.status or 0) >= _SERVER for o in feed.valid if o.probe not in {"empty", "future"})
    ):
        return not_verified("other windows fail as well")
    if bad and any(o.exchange.status == _OK for o in feed.valid):
        return failed(
            f"a window without rows is answered {bad[0].exchange.status}", seen=bad[0].exchange, count=len(bad)
        )
    return not_verified("no window was answered") if bad else PASS


def _is_refused_empty(feed: FeedCase, o: Observation) -> bool:
    """The minute of the year 2000; or any window, where not found seems to stand for no rows."""
    status = o.exchange.status or 0
    if status in _BUSY or status < _BAD:
        return False
    return o.probe == "empty" or (status in {404, 410} and any(a.rows for a in feed.valid))


def _unknown(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed, "unknown_parameter"):
        return ended
    if not any(o.exchange.status == _OK for o in feed.valid):
        return not_verified("nothing was answered without it either")
    bad = [o for o in _asked(feed, "unknown_parameter") if o.exchange.status != _OK]
    return (
        failed(f"a parameter that it does not know is answered {bad[0].exchange.status}", seen=bad[0].exchange)
        if bad
        else PASS
    )


_F = "parameters"
_Q = "Data Sync Example"
RULES = (
    feed_rule("space_plus_rejected", MUST, _plus, family=_F, doc="A blank written + is not read as one.",
              fix="Decode the query with a library for HTML forms, and read the moment after that.",
              good="from=2020-10-10+07:00:00", bad="400 for it, or other rows than with %20", section=_Q),
    feed_rule("space_percent20_rejected", MUST, _percent20, family=_F, doc="A blank written %20 is not read as one.",
              fix="Decode the query before you read the moment.", good="from=2020-10-10%2007:00:00", bad="400 for it",
              section=_Q),
    feed_rule("parameters_not_supported", MUST, _not_supported, family=_F, doc="from and to change nothing.",
              fix="Answer the rows with from <= cursor < to.", good="an hour of rows", bad="the whole table, always"),
    feed_rule("large_window_failed", MUST, _large_failed, family=_F, doc="A window of an hour or a day fails.",
              fix="Stream the rows as they are read, and index the cursor.", good="200", bad="504",
              section="Polling Cadence & Offsets"),
    feed_rule("large_window_refused", MUST, _large_refused, family=_F, doc="A window of an hour or a day is refused.",
              fix="Answer any window that is asked for: initial loads and repairs need wide ones.", good="200",
              bad="400 window too large", section="Polling Cadence & Offsets"),
    feed_rule("window_missing_server_error", SHOULD, _missing_error, family=_F,
              doc="A request without from and to is an error of the server.", fix="Answer 400.", good="400", bad="500"),
    feed_rule("malformed_window_server_error", SHOULD, _malformed_error, family=_F,
              doc="A text that is no moment is an error of the server.", fix="Answer 400.", good="400", bad="500"),
    feed_rule("malformed_window_accepted", SHOULD, _malformed_accepted, family=_F,
              doc="A request without a readable window is answered with rows.",
              fix="Answer 400: a puller with a fault in its clock would load the whole table each minute.",
              good="400", bad="200 with all rows"),
    feed_rule("inverted_window_returns_rows", SHOULD, _inverted, family=_F,
              doc="A window that ends before it starts has rows.",
              fix="Answer 400, or no rows.", good="400", bad="rows"),
    feed_rule("equal_window_not_empty", MUST, _equal, family=_F, doc="A window with from = to has rows.",
              fix="Compare cursor < to, not <=.", good="no rows", bad="the rows of that second"),
    feed_rule("future_window_error", SHOULD, _future, family=_F, doc="A window in the future is an error.",
              fix="Answer no rows.", good="[]", bad="400"),
    feed_rule("input_offset_misread", SHOULD, _offset_misread, family=_F,
              doc="An offset in from and to is read, and read wrongly.",
              fix="Refuse moments with an offset, or apply it.", good="07:00:00+03:00 is 04:00 UTC",
              bad="07:00:00+03:00 is 07:00 UTC"),
    feed_rule("empty_window_not_empty_list", MUST, _not_empty_list, family=_F,
              doc="A window without rows is answered with something else than a list without rows.",
              fix="Answer [] in JSON, the header row in CSV.", good="[]", bad="null"),
    feed_rule("empty_window_error", MUST, _empty_error, family=_F, doc="A window without rows is an error.",
              fix="Answer 200 with [] or the header row.", good="200 []", bad="404"),
    feed_rule("unknown_parameter_rejected", INFO, _unknown, family=_F,
              doc="A parameter that it does not know is refused.",
              fix="Ignore unknown parameters.", good="200", bad="400"),
)  # fmt: skip
