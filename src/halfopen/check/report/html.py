"""The report for people, as one file that can be mailed: no script, no image, no request to anywhere."""

from collections.abc import Iterable
from typing import Final

import jinja2

from halfopen.check.finding import Finding, Late, Report, Severity, Status, Verdict
from halfopen.check.report.matrix import matrix

_MARKS: Final = {"pass": "\u2713", "not_verified": "?", "not_applicable": "\u2013"}
_KIB: Final = 1024
_SHOWN_EXCHANGES: Final = 400
"""More make a file that no mail takes; the JSON of a recording has them all."""


def render(report: Report) -> str:
    """One HTML document: matrix, findings with their evidence, what was not verified, lateness, exchanges."""
    return _template().render(
        report=report,
        matrix=matrix(report),
        roots=[each for each in report.findings if each.root],
        others=[each for each in report.findings if not each.root],
        unsure=_unsure(report.verdicts),
        late=_timeline(report.lateness),
        exchanges=report.exchanges[:_SHOWN_EXCHANGES],
        name=_name,
        marks=_MARKS,
        counts={word.value: sum(each.severity is word for each in report.findings) for word in Severity},
        known=sum(each.known for each in report.findings),
        times=_times,
        size=_size,
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _size(count: int) -> str:
    """Bytes as people write them."""
    return f"{count:,} B" if count < _KIB else f"{count / _KIB:,.1f} KiB"


def _unsure(verdicts: Iterable[Verdict]) -> list[tuple[str, str, str]]:
    """What could not be verified: rule, feeds, and the reason that they share."""
    feeds: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        if verdict.status is Status.NOT_VERIFIED:
            feeds.setdefault((verdict.code, verdict.reason), []).append(verdict.feed or "the product")
    return [(code, ", ".join(names), reason) for (code, reason), names in feeds.items()]


def _name(finding: Finding) -> str:
    return f"{finding.code} in {finding.feed}" if finding.feed else finding.code


def _timeline(lateness: tuple[Late, ...]) -> list[dict[str, object]]:
    """Each late row with how late it was at most, and how long its bar is, in per cent of the latest."""
    seconds = [(late.found - late.stamp).total_seconds() for late in lateness]
    most = max(seconds, default=0) or 1
    return [
        {"row": late, "seconds": each, "width": max(1, round(100 * each / most))}
        for late, each in zip(lateness, seconds, strict=True)
    ]


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("halfopen.check.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
