"""A report as it stands in a terminal."""

import io

from rich.console import Console

from halfopen.check.finding import Report
from halfopen.check.report import terminal


def in_terminal(report: Report, width: int = 200) -> str:
    """What is printed there."""
    told = io.StringIO()
    terminal.render(report, Console(file=told, width=width))
    return told.getvalue()
