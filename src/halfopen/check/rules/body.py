"""Rules about bodies: whole, in one of the formats, of rows."""

from dataclasses import replace
from functools import partial

from halfopen.check.case import FeedCase
from halfopen.check.finding import Severity, Status
from halfopen.check.observe import Observation
from halfopen.check.rule import PASS, FeedJudge, Outcome, Rule, failed, feed_rule, not_applicable, not_verified
from halfopen.check.telling import window_of, without_answers

_OK = 200
MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO


def _unasked(feed: FeedCase) -> Outcome | None:
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    if not any(o.exchange.status == 200 for o in feed.signed):  # noqa: PLR2004 - OK
        return not_verified("no request was answered 200")
    return None


def _odd_when_empty(feed: FeedCase) -> Outcome | None:
    if feed.is_odd_when_empty:
        return not_applicable("only windows without rows are answered so, which has a rule of its own")
    return None


def _problem(code: str, feed: FeedCase) -> Outcome:
    """Whether any answer of 200 is broken in this way."""
    if ended := _unasked(feed) or _odd_when_empty(feed):
        return ended
    bad = [
        o for o in feed.signed if o.exchange.status == _OK and o.problem and code in {o.problem.code, *o.problem.also}
    ]
    if not bad:
        return PASS if _was_read(feed) else not_verified("no answer with status 200 could be read")
    return failed(
        bad[0].problem.text if bad[0].problem else "",
        seen=bad[0].exchange,
        count=len(bad),
        samples=[f"{o.probe} {window_of(o)}: {o.problem.text}" for o in bad if o.problem],
    )


def _was_read(feed: FeedCase) -> bool:
    """Whether any answer is right in every other way: one that is broken otherwise shows nothing."""
    return any(o.exchange.status == _OK and o.problem is None for o in feed.signed)


def _note(code: str, feed: FeedCase) -> Outcome:
    """Whether any answer is odd in this way."""
    if ended := without_answers(feed):
        return ended
    bad = [o for o in feed.signed if code in o.notes]
    if not bad:
        return PASS
    samples = [f"{o.probe} {window_of(o)}: {o.notes[code]}" for o in bad]
    return failed(bad[0].notes[code], seen=bad[0].exchange, samples=samples, count=len(bad))


def _not_array(feed: FeedCase) -> Outcome:
    if ended := _unasked(feed) or _odd_when_empty(feed):
        return ended
    jsons = [o for o in feed.valid if o.format in {"json", "ndjson"} and o.exchange.status == 200]  # noqa: PLR2004
    if not jsons:
        return not_applicable("it does not answer in JSON")
    arrays = any(o.rows for o in feed.valid)
    bad = [
        o
        for o in jsons
        # null or {} for no rows is left to the rule about empty windows.
        if o.problem
        and o.problem.code == "json_not_array"
        and not (arrays and o.body_shape == "null")
        and not _is_empty_probe(o)
    ]
    if bad:
        return failed(bad[0].problem.text if bad[0].problem else "", seen=bad[0].exchange, count=len(bad))
    alone = [o for o in jsons if "json_object" in o.notes]
    if alone and any(o.format == "json" and o.envelope is None and len(o.rows) > 1 for o in jsons):
        return failed(
            "a single row is answered as an object, several as an array", seen=alone[0].exchange, count=len(alone)
        )
    wrapped = [o for o in jsons if o.envelope is not None]
    if not wrapped:
        return PASS if _was_read(feed) else not_verified("no answer with status 200 could be read")
    # Of two empty lists in an envelope nobody knows which is the one of rows.
    names = sorted({o.envelope for o in wrapped if o.envelope and o.rows} or {str(wrapped[0].envelope)})
    text = f"the rows stand in {' or '.join(map(repr, names))} of an object, not in a bare array"
    return failed(text, seen=wrapped[0].exchange, count=len(wrapped), severity=SHOULD if len(names) == 1 else MUST)


def _is_empty_probe(observation: Observation) -> bool:
    return observation.probe in {"empty", "future", "equal"}


def _format(feed: FeedCase, wanted: str) -> Outcome | None:
    if ended := _unasked(feed):
        return ended
    if not any(o.format == wanted for o in feed.valid):
        return not_applicable(f"it does not answer in {wanted.upper()}")
    return None


def _csv_problem(code: str, feed: FeedCase) -> Outcome:
    return _format(feed, "csv") or _problem(code, feed)


def _csv_note(code: str, feed: FeedCase) -> Outcome:
    return _format(feed, "csv") or _note(code, feed)


def _ragged(feed: FeedCase) -> Outcome:
    """Blank lines at the end lose no row, though they are rows without their fields."""
    found = _csv_problem("csv_ragged_row", feed)
    if found is not PASS:
        return found
    noted = _csv_note("csv_ragged_row", feed)
    return replace(noted, severity=SHOULD) if noted.status is Status.FAIL else noted


def _header_changes(feed: FeedCase) -> Outcome:
    if ended := _format(feed, "csv"):
        return ended
    again = _note("csv_header_changes", feed)
    if again.status is Status.FAIL:
        return again
    headers = [(o.header, o) for o in feed.valid if o.format == "csv" and o.header and o.problem is None]
    if len(headers) < 2:  # noqa: PLR2004 - a change needs two
        return not_verified("fewer than two answers have a header row")
    first = headers[0][0]
    other = [(header, o) for header, o in headers if header != first]
    if not other:
        return PASS
    header, seen = other[0]
    odd = sorted(set(header) ^ set(first)) or ["the order of the columns"]
    text = f"the header row differs from window to window: {', '.join(odd[:8])}"
    return failed(text, seen=seen.exchange, count=len(other))


def _empty_body(feed: FeedCase) -> Outcome:
    if ended := _format(feed, "csv"):
        return ended
    bare = [o for o in feed.valid if o.body_shape == "nothing" and o.exchange.status == 200]  # noqa: PLR2004 - OK
    if not bare:
        return PASS if _was_read(feed) else not_verified("no answer with status 200 could be read")
    return failed("an answer without rows has no header row either", seen=bare[0].exchange, count=len(bare))


def _body_rule(code: str, judge: FeedJudge, doc: str, fix: str, good: str, bad: str,  # noqa: PLR0917 - a table's columns
               severity: Severity = MUST, family: str = "body") -> Rule:  # fmt: skip
    return feed_rule(code, severity, judge, family=family, doc=doc, fix=fix, good=good, bad=bad)


def _plain(code: str, doc: str, fix: str, good: str, bad: str) -> Rule:
    return _body_rule(code, partial(_problem, code), doc, fix, good, bad)


def _csv(code: str, doc: str, fix: str, good: str, bad: str) -> Rule:
    return _body_rule(code, partial(_csv_problem, code), doc, fix, good, bad, family="csv")


def _csv_oddity(  # noqa: PLR0917 - a table's columns
    code: str, severity: Severity, doc: str, fix: str, good: str, bad: str
) -> Rule:
    return _body_rule(code, partial(_csv_note, code), doc, fix, good, bad, severity, "csv")


RULES = (
    _plain("html_instead_of_data", "A page stands where rows are due.",
           "Answer rows, or an error with a status of 400 or more.", "id,modified_at", "<html>"),
    _plain("error_as_200", "An error is answered with status 200.",
           "Answer errors with 4xx or 5xx: a puller takes 200 for success and never asks again.",
           '500 {"error": "..."}', '200 {"error": "..."}'),
    _plain("unparseable_body", "The body is neither CSV nor JSON.", "Write the body with a library for its format.",
           '[{"id": "1"}]', '[{"id": "1",}]'),
    _plain("body_truncated", "The body ends before its end.",
           "Break the connection when the query fails midway, and never send a shorter body as a whole one.",
           "all bytes of Content-Length", "the last row is cut"),
    _plain("content_encoding_broken", "The body is not in the encoding that its header names.",
           "Let the web server compress, and end the compressed stream.", "gzip with its end", "plain bytes as gzip"),
    _plain("charset_wrong", "The body is not UTF-8.", "Encode the body in UTF-8.", "Müller", "M\\xfcller"),
    _plain("json_nan", "NaN or Infinity stands in JSON.", "Send null, or the number that was meant.", "null", "NaN"),
    _body_rule("json_not_array", _not_array, "JSON is not a bare array of rows.",
               "Answer an array of objects, [] when there are none.", "[]", '{"data": []}'),
    _body_rule("json_lines", partial(_note, "json_lines"), "JSON comes as one object a line.",
               "Answer an array unless NDJSON was asked for.", "[{}, {}]", "{}\\n{}", INFO),
    _csv("csv_header_missing", "The first row names no column.", "Send the header row always, also without rows.",
         "id,modified_at", "17,2026-01-01 00:00:00"),
    _body_rule("csv_ragged_row", _ragged, "A row has more or fewer fields than the header.",
               "Quote fields that hold a comma, a quote or a line end.", '"a, b"', "a, b", family="csv"),
    _csv("csv_unescaped", "A quote stands inside of a bare field, or a quoted one goes on after its end.",
         "Quote the field and double the quotes in it.", '"say ""hi"""', 'say "hi"'),
    _csv("csv_delimiter", "Fields are not separated by commas.", "Separate fields by commas (RFC 4180).",
         "id,name", "id;name"),
    _body_rule("csv_bom", partial(_note, "csv_bom"), "The body, CSV or JSON, begins with a byte order mark.",
               "Send UTF-8 without one.", "id,...", "\\ufeffid,...", SHOULD, "csv"),
    _body_rule("csv_header_changes", _header_changes, "The header row differs between windows.",
               "Send the same columns in the same order once in every answer.", "id,ip in each",
               "ip only if any row has it", family="csv"),
    _body_rule("csv_empty_body", _empty_body, "An answer without rows is empty to the last byte.",
               "Send the header row always: an empty body may as well be a broken one.", "id,modified_at",
               "nothing", SHOULD, "csv"),
    _csv_oddity("csv_line_end", INFO, "Rows end with LF alone.", "End rows with CRLF (RFC 4180).", "\\r\\n", "\\n"),
)  # fmt: skip
