"""A report as it may be shown: without any secret that was sent, and without characters that command a terminal."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from halfopen.auth import path_keys
from halfopen.auth.masking import hidden_in_excerpts
from halfopen.check.finding import Finding, Report
from halfopen.check.sample import digest, redacted


def shown(report: Report, *, redact: bool = False) -> Report:
    """The report with every text that came from the product made harmless; `redact`: digests in place of keys."""
    plain = _plain(path_keys.keys(report.target).union(*(exchange.hidden for exchange in report.exchanges)))
    sample = redacted if redact else str
    return replace(
        report,
        target=plain(report.target),
        unreachable=plain(report.unreachable),
        verdicts=tuple(replace(one, reason=plain(one.reason)) if one.reason else one for one in report.verdicts),
        findings=tuple(_finding(one, lambda text: plain(sample(text))) for one in report.findings),
        lateness=tuple(replace(one, key=plain(digest(one.key) if redact else one.key)) for one in report.lateness),
        exchanges=tuple(
            replace(one, url=plain(one.url), error=None if one.error is None else plain(one.error))
            for one in report.exchanges
        ),
    )


def printable(text: str) -> str:
    """The text in one line, with a mark in place of whatever is no letter: control characters, half a surrogate."""
    return "".join(
        each if each.isprintable() else " " if each in "\n\r\t\u00a0" else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def _finding(finding: Finding, plain: Callable[[str], str]) -> Finding:
    return replace(
        finding,
        text=plain(finding.text),
        samples=tuple(map(plain, finding.samples)),
        request=plain(finding.request),
    )


def _plain(secrets: Iterable[str]) -> Callable[[str], str]:
    """Makes a text harmless; the same few reasons stand in hundreds of verdicts, so each is looked at once."""
    longest_first = sorted(secrets, key=len, reverse=True)
    done: dict[str, str] = {}

    def plain(text: str) -> str:
        if text not in done:
            done[text] = printable(hidden_in_excerpts(text, longest_first))
        return done[text]

    return plain
