"""The report for code hosts: SARIF 2.1.0, one result a finding."""

import json
from typing import Any, Final

from halfopen import __version__
from halfopen.check.finding import Finding, Report, Severity
from halfopen.check.rule import rules

_LEVELS: Final = {Severity.MUST: "error", Severity.SHOULD: "warning", Severity.INFO: "note"}


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
        "invocations": [{"executionSuccessful": not report.unreachable, "startTimeUtc": _moment(report)}],
        "results": [_result(report, finding, codes.index(finding.code)) for finding in report.findings],
    }
    whole = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _moment(report: Report) -> str:
    return report.started.strftime("%Y-%m-%dT%H:%M:%SZ")


def _result(report: Report, finding: Finding, index: int) -> dict[str, Any]:
    feed = finding.feed or "product"
    return {
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
