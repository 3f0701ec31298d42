"""Findings that are known already: those of an earlier report."""

import json
from dataclasses import replace
from pathlib import Path

from halfopen.check.finding import Report
from halfopen.errors import UsageError

Known = frozenset[tuple[str, str | None]]


def read(path: Path) -> Known:
    """The codes and feeds of the findings in a report that `--json` wrote.

    Raises:
        UsageError: the file is no such report.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        return frozenset((finding["code"], finding["feed"]) for finding in report["findings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"--baseline {path}: is no report of check ({error}); write one with --json FILE") from None


def marked(report: Report, known: Known) -> Report:
    """The report with its findings marked that were there before."""
    findings = tuple(replace(one, known=(one.code, one.feed) in known) for one in report.findings)
    return replace(report, findings=findings, compared=True)
