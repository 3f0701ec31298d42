"""The forms of a report: for CI servers, for code hosts, and the file that is mailed."""

import json
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from halfopen.check.exchange import Exchange
from halfopen.check.finding import Certainty, FeedSeen, Finding, Late, Report, Severity, Status, Verdict
from halfopen.check.report import html, junit, sarif

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
CODE = "window_upper_bound_inclusive"


@pytest.fixture
def report() -> Report:
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
    assert not list(ET.fromstring(junit.render(empty)))  # noqa: S314 - our own text
    assert json.loads(sarif.render(empty))["runs"][0]["invocations"] == [
        {"executionSuccessful": False, "startTimeUtc": "2024-05-01T12:00:00Z"}
    ]
