"""The forms of a report: for CI servers, for code hosts, and the file that is mailed."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from halfopen.check import baseline
from halfopen.check.exchange import Exchange
from halfopen.check.finding import Certainty, FeedSeen, Finding, Late, Report, Severity, Status, Verdict
from halfopen.check.report import html, junit, sarif, terminal
from halfopen.check.report import json as as_json
from halfopen.check.report.matrix import matrix
from halfopen.check.shown import shown
from support.told import in_terminal

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
CODE = "window_upper_bound_inclusive"


@pytest.fixture
def report() -> Report:
    """A product with one finding."""
    found = Finding(
        code=CODE, severity=Severity.MUST, certainty=Certainty.PROOF, feed="players", count=3,
        samples=('"p<1>" modified_at 2024-05-01 12:00:00',), request="curl -u crm:$PASSWORD 'http://a/api/players'",
        fix="Leave the upper bound out.", section="Windows", root=True, follows=("duplicate_id",),
        text="It holds < to.",
    )  # fmt: skip
    seconds = timedelta(seconds=1)
    asked = Exchange(
        number=1, feed="players", probe="minute", window=None, url="http://a/api/players", sent={}, status=200,
        headers={}, started=AT, ended=AT + seconds,
    )  # fmt: skip
    return Report(
        target="http://a", started=AT, seconds=2.5, requests=1,
        feeds={"players": FeedSeen(offered=True, rows=7), "logins": FeedSeen(offered=False, rows=0)},
        verdicts=(
            Verdict(code=CODE, feed="players", status=Status.FAIL),
            Verdict(code="row_outside_window", feed="players", status=Status.PASS),
            Verdict(code="row_outside_window", feed="logins", status=Status.NOT_VERIFIED, reason="no data"),
            Verdict(code="tls_missing", feed=None, status=Status.PASS),
        ),
        findings=(found,), suggested_offset_seconds=60,
        lateness=(Late(feed="players", key="p1", stamp=AT, first_asked=AT + seconds, found=AT + 30 * seconds),),
        exchanges=(asked,),
    )  # fmt: skip


def test_junit_has_a_suite_a_feed_and_a_case_a_rule(report):
    suites = ET.fromstring(junit.render(report))  # noqa: S314 - our own text
    told = {suite.get("name"): (suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in suites}
    assert told == {"players": ("2", "1", "0"), "logins": ("1", "0", "1"), "product": ("1", "0", "0")}
    failure = suites.find(f".//testcase[@name='{CODE}']/failure")
    assert failure.get("message") == "It holds < to."
    assert "Leave the upper bound out." in failure.text


def test_sarif_names_the_rule_and_what_it_found(report):
    run = json.loads(sarif.render(report))["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [CODE]
    result = run["results"][0]
    assert (result["ruleId"], result["level"], result["ruleIndex"]) == (CODE, "error", 0)
    assert result["locations"][0]["logicalLocations"][0]["name"] == "players"


def test_the_page_shows_all_escaped_and_asks_nobody_for_anything(report):
    page = html.render(report)
    for part in ("It holds &lt; to.", "p&lt;1&gt;", "Advised offset: 60 s", "not offered", "30.0 s", "duplicate_id"):
        assert part in page, part
    assert 'name="viewport"' in page
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", page)
    assert set(re.findall(r"https?://[^\"'<& ]+", page)) == {"http://a", "http://a/api/players"}


def test_a_report_of_nothing_has_its_forms_too(report):
    empty = Report(
        target="http://a", started=AT, seconds=0, requests=0, feeds={}, verdicts=(), findings=(),
        suggested_offset_seconds=None, lateness=(), unreachable="nobody answers",
    )  # fmt: skip
    assert "nobody answers" in html.render(empty)
    suites = ET.fromstring(junit.render(empty))  # noqa: S314 - our own text
    assert suites.find(".//testcase[@name='reachable']/error").get("message") == "nobody answers"
    assert suites.get("errors") == "1"
    (told,) = json.loads(sarif.render(empty))["runs"][0]["invocations"]
    assert told["executionSuccessful"] is False
    assert told["toolExecutionNotifications"][0]["message"]["text"] == "nobody answers"


def test_what_is_known_fails_nothing_and_says_so(report):
    known = baseline.marked(report, frozenset({(CODE, "players")}))
    suites = ET.fromstring(junit.render(known))  # noqa: S314 - our own text
    assert suites.get("failures") == "0"
    assert suites.find(f".//testcase[@name='{CODE}']/skipped").get("message").startswith("known: ")
    assert json.loads(sarif.render(known))["runs"][0]["results"][0]["baselineState"] == "unchanged"
    assert "baselineState" not in json.loads(sarif.render(report))["runs"][0]["results"][0]
    assert "known, 3 times" in html.render(known)
    assert "(known)" in seen(known)
    assert "1 of them known" in seen(known)
    new = baseline.marked(report, frozenset({(CODE, "logins")}))
    assert ET.fromstring(junit.render(new)).get("failures") == "1"  # noqa: S314 - our own text
    assert json.loads(sarif.render(new))["runs"][0]["results"][0]["baselineState"] == "new"


def test_a_check_that_ended_early_says_so_in_each_form(report):
    early = replace(report, partial=True, ended="interrupted")
    assert as_json.as_dict(early)["ended"] == "interrupted"
    assert json.loads(sarif.render(early))["runs"][0]["invocations"][0]["executionSuccessful"] is False
    assert "partial: interrupted" in html.render(early)


def test_junit_has_totals_and_times(report):
    suites = ET.fromstring(junit.render(report))  # noqa: S314 - our own text
    assert {name: suites.get(name) for name in ("tests", "failures", "errors", "skipped", "time")} == {
        "tests": "4", "failures": "1", "errors": "0", "skipped": "1", "time": "2.500",
    }  # fmt: skip
    assert suites.find("testsuite[@name='players']").get("time") == "1.000"
    assert all(case.get("time") for case in suites.iter("testcase"))


def test_the_page_tells_of_each_exchange_and_why_something_could_not_be_verified(report):
    page = html.render(replace(report, rows_of={1: 7}))
    for part in ("<td>1</td><td>players</td><td>minute</td>", "<td>1.00</td><td>0 B</td><td>7</td>", "no data"):
        assert part in page, part


def test_lateness_that_nobody_watched_is_no_ok(report):
    verdicts = (
        Verdict(code="late_writes", feed="players", status=Status.NOT_VERIFIED, reason="it was not watched"),
        Verdict(code="closed_window_grew", feed="players", status=Status.PASS),
        Verdict(code="equal_window_not_empty", feed="players", status=Status.PASS),
        Verdict(
            code="inverted_window_returns_rows", feed="players", status=Status.NOT_VERIFIED,
            reason="it was not asked: other feeds of this product were",
        ),
        Verdict(
            code="space_plus_rejected", feed="players", status=Status.NOT_VERIFIED,
            reason="it was not asked: other feeds of this product were",
        ),
    )  # fmt: skip
    cells = matrix(replace(report, verdicts=verdicts, findings=())).rows["players"]
    assert cells["lateness"].word == "not_verified"
    assert cells["parameters"].word == "pass"


def test_nothing_that_commands_a_terminal_and_no_secret_is_left_of_a_report(report):
    ugly = "\x1b[31mred\x07 \ud800 s3cret \u202e\nline"
    finding = replace(report.findings[0], text=ugly, samples=(ugly,), request=ugly)
    asked = replace(report.exchanges[0], url=ugly, error=ugly, secrets=frozenset({"s3cret"}))
    dirty = replace(
        report, target=ugly, unreachable="", findings=(finding,), exchanges=(asked,),
        verdicts=tuple(replace(one, reason=ugly) for one in report.verdicts),
        lateness=tuple(replace(one, key=ugly) for one in report.lateness),
    )  # fmt: skip
    clean = shown(dirty)
    told = [seen(clean), html.render(clean), junit.render(clean), sarif.render(clean), as_json.render(clean)]
    for text in told:
        assert "red" in text
        assert not re.search("[\x1b\x07\ud800\u202e]|s3cret", text)
        text.encode()


def seen(report: Report) -> str:
    told = io.StringIO()
    terminal.render(report, Console(file=told, width=200))
    return told.getvalue()


def test_of_what_could_not_be_tested_the_terminal_tells_what_was_found_all_the_same(report):
    found = report.findings[0]
    refused = replace(
        found, code="single_polls_refused", feed=None, text="4 polls are refused", samples=("logins: 429",)
    )
    dead = [replace(found, code="transport_error", feed=feed, text="it is dead") for feed in ("players", "logins")]
    note = replace(found, code="ip_not_whitelisted", severity=Severity.INFO, feed=None, text="all is forbidden")
    followed = replace(found, code="retry_after_missing", root=False, feed="logins", text="no Retry-After")
    told = in_terminal(replace(report, unreachable="no feed could be read", findings=(refused, *dead, note, followed)))
    assert re.search(
        r"no feed could be read\n\nMUST single_polls_refused  4 polls are refused\n    logins: 429\n(?s:.*)"
        r"\n\nMUST transport_error in 2 feeds  it is dead\n(?s:.*)"
        r"from these\n  MUST retry_after_missing logins  no Retry-After\n(?s:.*)"
        r"knowing\n  INFO ip_not_whitelisted  all is forbidden",
        told,
    ), told
    assert told.count("transport_error") == 1
