"""The report for CI servers: JUnit XML, one test suite a feed and one test case a rule.

A finding that an earlier report has is no failure but a test that is skipped, and says so.
"""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from halfopen.check.finding import Finding, Report, Status, Verdict

_PRODUCT = "product"


def render(report: Report) -> str:
    """One XML document. A failed rule of severity MUST or SHOULD is a failure; what was not judged is skipped.

    That nothing could be tested is an error of a test of its own. A suite's time is that of its feed's answers.
    """
    suites = ET.Element("testsuites", name=_clean(f"halfopen check {report.target}"))
    for feed in (*report.feeds, None):
        cases = [_case(feed or _PRODUCT, v, _found(report, v)) for v in report.verdicts if v.feed == feed]
        if feed is None and report.unreachable:
            cases.append(_unreachable(report))
        if cases:
            seconds = sum(e.seconds for e in report.exchanges if e.feed == feed)
            suites.append(_suite(feed or _PRODUCT, cases, report, seconds))
    for name in ("tests", "failures", "errors", "skipped"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    suites.set("time", f"{report.seconds:.3f}")
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _suite(name: str, cases: list[ET.Element], report: Report, seconds: float) -> ET.Element:
    suite = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=_holding(cases, "failure"),
        errors=_holding(cases, "error"),
        skipped=_holding(cases, "skipped"),
        time=f"{seconds:.3f}",
        timestamp=report.started.strftime("%Y-%m-%dT%H:%M:%S"),
    )
    suite.extend(cases)
    return suite


def _holding(cases: Iterable[ET.Element], word: str) -> str:
    return str(sum(case.find(word) is not None for case in cases))


def _found(report: Report, verdict: Verdict) -> Finding | None:
    return next((f for f in report.findings if f.feed == verdict.feed and f.code == verdict.code), None)


def _case(feed: str, verdict: Verdict, finding: Finding | None) -> ET.Element:
    # A rule is judged over answers that it shares with others: its own time is nothing that could be told.
    case = ET.Element("testcase", classname=f"halfopen.{feed}", name=verdict.code, time="0")
    if finding is not None and finding.known:
        ET.SubElement(case, "skipped", message=_clean(f"known: {finding.text or finding.code}"))
    elif finding is not None and finding.severity != "INFO":
        failure = ET.SubElement(case, "failure", type=finding.severity.value, message=_clean(finding.text))
        failure.text = _clean("\n".join([*finding.samples, f"request: {finding.request}", f"fix: {finding.fix}"]))
    elif verdict.status in (Status.NOT_APPLICABLE, Status.NOT_VERIFIED):
        ET.SubElement(case, "skipped", message=_clean(f"{verdict.status.value}: {verdict.reason}"))
    return case


def _unreachable(report: Report) -> ET.Element:
    case = ET.Element("testcase", classname=f"halfopen.{_PRODUCT}", name="reachable", time="0")
    ET.SubElement(case, "error", type="unreachable", message=_clean(report.unreachable))
    return case


def _clean(text: str) -> str:
    """Without the control characters that XML has no way to write."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)
