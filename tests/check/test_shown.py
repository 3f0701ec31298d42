"""What `--redact` leaves of pieces of bodies: their length and place, and not a word."""

import json
from dataclasses import replace

import pytest

from halfopen.check.case import Case
from halfopen.check.engine import Options, _report
from halfopen.check.finding import Report
from halfopen.check.recording import How
from halfopen.check.report import html, junit, sarif
from halfopen.check.report import json as as_json
from support.seen import NOW, Asked, csv, window
from support.told import in_terminal

MINUTE = window("11:00:00", "11:01:00")
MAIL, PHONE, NAME = "eve@example.com", "+37120001234", "Eve Adams"
PERSON = f"{NAME},{MAIL},{PHONE}"
WHOLE = "text/csv"
JSON = "application/json"
BODIES = {
    "html_instead_of_data": (f"<p>{PERSON}</p>", "text/html", "the body begins [47 characters]"),
    "csv_header_missing": (f"{PERSON}\r\n", WHOLE, "no field is named in the first row: [40 characters]"),
    "unparseable_body": (f"{MAIL}\r\n", WHOLE, "neither CSV with a header row nor JSON: [17 characters]"),
    "json_not_array": (json.dumps({MAIL: {"phone": PHONE}}), JSON, "an object with [15 characters] in it"),
}
ERRORS = {
    "a sentence": (f"error: no such user {MAIL}\r\n", WHOLE, "an error in place of rows: [37 characters]"),
    "an object": (json.dumps({"error": f"no user {MAIL}"}), JSON, "an error in place of rows: [36 characters]"),
}
ARRAYS = {
    "of texts": (json.dumps([MAIL, PHONE]), JSON, "an element of the array is [17 characters], not an object"),
    "no array": (json.dumps(MAIL), JSON, "the body is [17 characters], not an array of rows"),
    "neither": (f"{MAIL} was here", JSON, "byte 0: [26 characters] stands where"),
}


def reported(case: Case, *, redact: bool) -> Report:
    return _report(case, Options(redact=redact), How(product=case.product, started=NOW, finished=NOW))


def told(report: Report) -> list[str]:
    return [form.render(report) for form in (html, junit, sarif, as_json)] + [in_terminal(report)]


def demand_nothing_of(case: Case, left: str) -> None:
    for text in told(reported(case, redact=True)):
        assert not [word for word in (MAIL, PHONE, NAME, "eve@") if word in text], text[:3000]
    assert left in as_json.render(reported(case, redact=True))
    assert any(word in as_json.render(reported(case, redact=False)) for word in (MAIL, PHONE, NAME))


@pytest.mark.parametrize(("body", "media", "left"), [*BODIES.values(), *ERRORS.values(), *ARRAYS.values()])
def test_nothing_of_a_body_is_left(body: str, media: str, left: str) -> None:
    asked = Asked("players", auth="bearer").ask(MINUTE, body.encode(), content_type=media)
    asked.ask(MINUTE, body.encode(), content_type=media, credentials="none", probe="anonymous")
    asked.ask(MINUTE, b"id,email,registered_at,modified_at\r\n", probe="minute")
    demand_nothing_of(asked.case(), left)


def test_nothing_is_left_of_what_no_reader_of_http_could_read() -> None:
    asked = Asked("players").ask(MINUTE, b"")
    error = f"the connection broke: 400, message: Expected HTTP/: b'{PERSON}\\r\\n' ^"
    asked.exchanges = [replace(asked.exchanges[0], status=None, error=error, error_code="transport_error")]
    demand_nothing_of(asked.case(), "Expected HTTP/: [bytes] ^")


def test_what_holds_no_word_of_anybodys_is_shown() -> None:
    asked = Asked("players").ask(MINUTE, b"null", content_type=JSON)
    assert "the body is null, not an array" in as_json.render(reported(asked.case(), redact=True))


def test_an_offending_value_that_tells_who_somebody_is_is_a_digest() -> None:
    columns = ("player_id", "email", "phone", "email_subscribe", "modified_at")
    wrong = [("p", f"{MAIL}@", f"{PHONE}x", "perhaps", "2026-01-01 11:00:30")]
    asked = Asked("contacts").ask(MINUTE, csv(columns, wrong))
    demand_nothing_of(asked.case(), "email = #")
    assert "'perhaps'" in as_json.render(reported(asked.case(), redact=True)), "this may be said of anybody"
