"""Findings that are known already: those of an earlier report."""

import json
from collections.abc import Iterable
from pathlib import Path

from halfopen.check.finding import Finding
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


def new(findings: Iterable[Finding], known: Known) -> list[Finding]:
    """The findings that were not there before."""
    return [finding for finding in findings if (finding.code, finding.feed) not in known]
