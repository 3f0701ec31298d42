"""The report for code hosts: SARIF 2.1.0, one result a finding."""

import json
from typing import Any, Final

from halfopen import __version__
from halfopen.check.finding import Finding, Report, Severity
from halfopen.check.rule import rules

_LEVELS: Final = {Severity.MUST: "error", Severity.SHOULD: "warning", Severity.INFO: "note"}
_MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"


def render(report: Report) -> str:
    """One JSON object, indented."""
    known = rules()
    codes = sorted({finding.code for finding in report.findings})
    driver = {
        "name": "halfopen",
        "version": __version__,
        "rules": [
            {
                "id": code,
                "shortDescription": {"text": known[code].doc},
                "help": {"text": known[code].fix},
                "defaultConfiguration": {"level": _LEVELS[known[code].severity]},
            }
            for code in codes
        ],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report)],
        "results": [_result(report, finding, codes.index(finding.code)) for finding in report.findings],
    }
    whole = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _invocation(report: Report) -> dict[str, Any]:
    """Whether all of it was done; if not, why."""
    why = report.unreachable or (report.ended if report.partial else "")
    told: dict[str, Any] = {"executionSuccessful": not why, "startTimeUtc": report.started.strftime(_MOMENT)}
    if why:
        told["toolExecutionNotifications"] = [{"level": "error", "message": {"text": why}}]
    return told


def _result(report: Report, finding: Finding, index: int) -> dict[str, Any]:
    feed = finding.feed or "product"
    state = {"baselineState": "unchanged" if finding.known else "new"} if report.compared else {}
    return {
        **state,
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{feed}: {finding.text or finding.code} ({finding.count}); {finding.fix}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": report.target}},
                "logicalLocations": [{"name": feed, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"codeAndFeed": f"{finding.code}/{feed}"},
        "properties": {"certainty": finding.certainty.value, "root": finding.root, "samples": list(finding.samples)},
    }
