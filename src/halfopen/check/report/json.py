"""The report for programs: the JSON of the public surface, schema 1."""

import json
from typing import Any

from halfopen.check.finding import Finding, Report, Verdict

SCHEMA = 1


def render(report: Report) -> str:
    """One JSON object, indented, with a newline at its end."""
    return json.dumps(as_dict(report), indent=2, ensure_ascii=False) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The report as plain dicts and lists."""
    return {
        "schema": SCHEMA,
        "target": report.target,
        "started": report.started.isoformat(),
        "seconds": round(report.seconds, 3),
        "requests": report.requests,
        "feeds": {name: {"offered": seen.offered, "rows": seen.rows} for name, seen in report.feeds.items()},
        "rules": [_rule(verdict) for verdict in report.verdicts],
        "findings": [_finding(finding) for finding in report.findings],
        "suggested_offset_seconds": report.suggested_offset_seconds,
        "lateness": [
            {
                "feed": late.feed,
                "key": late.key,
                "stamp": late.stamp.isoformat(),
                "first_asked": late.first_asked.isoformat(),
                "found": late.found.isoformat(),
            }
            for late in report.lateness
        ],
        "partial": report.partial,
        "ended": report.ended,
        "unreachable": report.unreachable,
    }


def _rule(verdict: Verdict) -> dict[str, Any]:
    return {"code": verdict.code, "feed": verdict.feed, "status": verdict.status.value, "reason": verdict.reason}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "certainty": finding.certainty.value,
        "feed": finding.feed,
        "count": finding.count,
        "root": finding.root,
        "samples": list(finding.samples),
        "request": finding.request,
        "fix": finding.fix,
        "section": finding.section,
        "text": finding.text,
        "follows": list(finding.follows),
        "known": finding.known,
    }
