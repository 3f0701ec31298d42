"""A report as it may be shown: without any secret that was sent, and without characters that command a terminal."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from halfopen.auth import path_keys
from halfopen.auth.masking import hidden_in_excerpts
from halfopen.check.finding import Finding, Report
from halfopen.check.sample import digest, redacted

_BYTES: Final = re.compile(r"""\bb(['"]).*\1""", re.DOTALL)
"""What a library that reads HTTP quotes of what it could not read."""


def shown(report: Report, *, redact: bool = False, quotes: Iterable[str] = ()) -> Report:
    """The report with every text that came from the product made harmless.

    redact: digests in place of keys, and nothing of a body. quotes: the lines that quote bodies, wherever they stand.
    """
    plain = _plain(path_keys.keys(report.target).union(*(exchange.hidden for exchange in report.exchanges)))
    sample = _redacting([*quotes, *(one.error for one in report.exchanges if one.error)]) if redact else str
    return replace(
        report,
        target=plain(report.target),
        unreachable=plain(sample(report.unreachable)),
        verdicts=tuple(replace(one, reason=plain(one.reason)) if one.reason else one for one in report.verdicts),
        findings=tuple(_finding(one, lambda text: plain(sample(text))) for one in report.findings),
        lateness=tuple(replace(one, key=plain(digest(one.key) if redact else one.key)) for one in report.lateness),
        exchanges=tuple(
            replace(one, url=plain(one.url), error=None if one.error is None else plain(sample(one.error)))
            for one in report.exchanges
        ),
    )


def printable(text: str) -> str:
    """The text in one line, with a mark in place of whatever is no letter: control characters, half a surrogate."""
    return "".join(
        each if each.isprintable() else " " if each in "\n\r\t\u00a0" else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def _redacting(quotes: Iterable[str]) -> Callable[[str], str]:
    """Hides the parts of a line that are identifiers, and pieces of bodies in it, also within a longer line."""
    hidden = {quote: _BYTES.sub("[bytes]", redacted(quote)) for quote in quotes}
    changed = {quote: without for quote, without in hidden.items() if quote != without}
    longest_first = sorted(changed, key=len, reverse=True)

    def sample(text: str) -> str:
        told = redacted(text)
        for quote in longest_first:
            told = told.replace(quote, changed[quote])
        return told

    return sample


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
