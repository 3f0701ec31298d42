"""The report for a person at a terminal: what was seen, the matrix, root causes, and what probably follows."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from halfopen.check.finding import Finding, Report, Severity, Status
from halfopen.check.report.matrix import Cell, Matrix, matrix

_STYLES = {"MUST": "bold red", "SHOULD": "yellow", "INFO": "cyan", "pass": "green"}
_MARKS = {"pass": "ok", "not_verified": "?", "not_applicable": "-"}
_SHORT = {"MUST": "M", "SHOULD": "S", "INFO": "i"}
_LETTERS = 3
"""So many letters of a family's name head a narrow column."""
_SAMPLES = 3


def render(report: Report, console: Console) -> None:
    """Print the report."""
    _head(report, console)
    if report.unreachable:
        console.print(Text(report.unreachable, style="bold red"), soft_wrap=True)
        _findings(_once_a_code(report.findings), console)
        return
    _matrix(report, console)
    _findings(report.findings, console)
    _foot(report, console)


def _once_a_code(findings: Iterable[Finding]) -> list[Finding]:
    """Of findings that feeds share the first, which says in how many: of a closed door all of them say the same."""
    of_code: dict[str, list[Finding]] = {}
    for finding in findings:
        of_code.setdefault(finding.code, []).append(finding)
    return [
        replace(first, feed=f"in {1 + len(others)} feeds") if others else first for first, *others in of_code.values()
    ]


def _findings(findings: Collection[Finding], console: Console) -> None:
    """Root causes with their evidence, then what follows from them, then notes; in the order of the report."""
    for finding in findings:
        if finding.root and finding.severity is not Severity.INFO:
            _told(finding, console)
    _lines("probably following from these", [one for one in findings if not one.root], console)
    notes = [one for one in findings if one.root and one.severity is Severity.INFO]
    _lines("worth knowing", notes, console)


def _lines(heading: str, findings: Collection[Finding], console: Console) -> None:
    if findings:
        console.print(Text(f"\n{heading}", style="bold"))
    for finding in findings:
        console.print(f"  {_label(finding)}  {escape(finding.text)}", highlight=False, soft_wrap=True)


def _head(report: Report, console: Console) -> None:
    offered = sum(seen.offered for seen in report.feeds.values())
    rows = sum(seen.rows for seen in report.feeds.values())
    if report.unreachable:
        console.print(f"[bold]{escape(report.target)}[/]  {report.requests} requests", highlight=False, soft_wrap=True)
        return
    early = f", ended early: {escape(report.ended)}" if report.partial else ""
    console.print(
        f"[bold]{escape(report.target)}[/]  {offered} of {len(report.feeds)} feeds, {rows:,} rows,"
        f" {report.requests} requests in {report.seconds:.0f} s{early}",
        highlight=False,
        soft_wrap=True,
    )


def _matrix(report: Report, console: Console) -> None:
    found = matrix(report)
    table = _table(report, found, _wide, found.families)
    console.print()
    if console.measure(table, options=console.options.update(width=1000)).maximum <= console.width:
        console.print(table)
    else:
        console.print(_table(report, found, _narrow, [family[:_LETTERS] for family in found.families]))
        console.print(Text("M: MUST   S: SHOULD   i: INFO   the columns: " + ", ".join(found.families), style="dim"))
    text = "ok: all that could be judged is right   ?: too little could be judged   -: does not apply"
    console.print(Text(text, style="dim"), soft_wrap=True)


def _table(report: Report, found: Matrix, cell: Callable[[Cell], Text], headings: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("feed", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="center", no_wrap=True)
    for feed, cells in found.rows.items():
        if feed is not None and not report.feeds[feed].offered:
            table.add_row(feed, *(Text("-", style="dim") for _ in found.families))
            continue
        table.add_row(feed or "as a whole", *(cell(cells[family]) for family in found.families))
    return table


def _wide(cell: Cell) -> Text:
    return Text(_MARKS.get(cell.word, cell.word), style=_STYLES.get(cell.word, "dim"))


def _narrow(cell: Cell) -> Text:
    """For a terminal of 80 columns."""
    return Text({**_MARKS, **_SHORT}.get(cell.word, cell.word), style=_STYLES.get(cell.word, "dim"))


def _label(finding: Finding) -> str:
    style = _STYLES[finding.severity.value]
    where = f" {finding.feed}" if finding.feed else ""
    known = " [dim](known)[/]" if finding.known else ""
    return f"[{style}]{finding.severity.value}[/] [bold]{finding.code}[/]{where}{known}"


def _told(finding: Finding, console: Console) -> None:
    console.print()
    console.print(f"{_label(finding)}  {escape(finding.text)}", highlight=False, soft_wrap=True)
    for sample in finding.samples[:_SAMPLES]:
        console.print(Text(f"    {sample}"), soft_wrap=True)
    if finding.count > min(len(finding.samples), _SAMPLES) and finding.samples:
        console.print(Text(f"    {finding.count:,} in all", style="dim"))
    if finding.request:
        console.print(Text(f"    {finding.request}", style="dim"), soft_wrap=True)
    console.print(Text(f"    fix: {finding.fix}"), soft_wrap=True)
    if finding.follows:
        console.print(Text(f"    probably explains {', '.join(finding.follows)}", style="dim"), soft_wrap=True)


def _foot(report: Report, console: Console) -> None:
    console.print()
    if report.suggested_offset_seconds is not None:
        text = f"rows came late: ask each window {report.suggested_offset_seconds} s after its end, or re-read"
        console.print(Text(text, style="yellow"))
    known = sum(finding.known for finding in report.findings)
    counts = {severity: sum(f.severity is severity for f in report.findings) for severity in Severity}
    passed = sum(verdict.status is Status.PASS for verdict in report.verdicts)
    unsure = sum(verdict.status is Status.NOT_VERIFIED for verdict in report.verdicts)
    console.print(
        f"{counts[Severity.MUST]} MUST, {counts[Severity.SHOULD]} SHOULD, {counts[Severity.INFO]} INFO"
        f"{f', {known:,} of them known' if report.compared else ''};"
        f" {passed:,} verdicts are good, {unsure:,} could not be made (their reasons: --html, --json)",
        highlight=False,
        soft_wrap=True,
    )
    if any(finding.severity is not Severity.INFO for finding in report.findings):
        first = next(f for f in report.findings if f.severity is not Severity.INFO)
        console.print(Text(f"more about a rule: halfopen check explain {first.code}", style="dim"))
