"""The report for CI servers: JUnit XML, one test suite a feed and one test case a rule."""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from halfopen.check.finding import Finding, Report, Status, Verdict

_PRODUCT = "product"


def render(report: Report) -> str:
    """One XML document. A failed rule of severity MUST or SHOULD is a failure; what was not judged is skipped."""
    suites = ET.Element("testsuites", name=f"halfopen check {report.target}", time=f"{report.seconds:.3f}")
    for feed in (*report.feeds, None):
        verdicts = [verdict for verdict in report.verdicts if verdict.feed == feed]
        if verdicts:
            suites.append(_suite(feed or _PRODUCT, verdicts, [f for f in report.findings if f.feed == feed]))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _suite(name: str, verdicts: Iterable[Verdict], findings: Iterable[Finding]) -> ET.Element:
    found = {finding.code: finding for finding in findings}
    cases = [_case(name, verdict, found.get(verdict.code)) for verdict in verdicts]
    suite = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        errors="0",
    )
    suite.extend(cases)
    return suite


def _case(feed: str, verdict: Verdict, finding: Finding | None) -> ET.Element:
    case = ET.Element("testcase", classname=f"halfopen.{feed}", name=verdict.code)
    if finding is not None and finding.severity != "INFO":
        failure = ET.SubElement(case, "failure", type=finding.severity.value, message=_clean(finding.text))
        failure.text = _clean("\n".join([*finding.samples, f"request: {finding.request}", f"fix: {finding.fix}"]))
    elif verdict.status in (Status.NOT_APPLICABLE, Status.NOT_VERIFIED):
        ET.SubElement(case, "skipped", message=_clean(f"{verdict.status.value}: {verdict.reason}"))
    return case


def _clean(text: str) -> str:
    """Without the control characters that XML has no way to write."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)
