"""Feeds by families of rules: the worst that each cell holds, for every form of the report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from halfopen.check.finding import Report, Severity, Status, Verdict
from halfopen.check.rule import rules

_ORDER = (
    "transport", "sign-in", "parameters", "window", "lateness", "stamps", "body", "csv", "rows", "columns", "identity",
    "references", "sessions",
)  # fmt: skip
"""Families from left to right; one of another name comes last."""

_WEIGHTS = {Severity.MUST: 4, Severity.SHOULD: 2, Severity.INFO: 1}
_ELSEWHERE = "it was not asked: other feeds"
"""How a reason begins that casts no doubt: what is asked of some feeds only, so as to ask little."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One family of rules in one feed: the gravest finding, or how its rules ended where there is none.

    word: `MUST`, `SHOULD`, `INFO`, `pass`, `not_verified` (as much as was found right, or more, could not be judged),
    `not_applicable`.
    """

    word: str
    findings: int
    passed: int
    not_verified: int


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Rows are feeds, then the product as a whole (None); columns are families."""

    families: tuple[str, ...]
    rows: Mapping[str | None, Mapping[str, Cell]]


def matrix(report: Report) -> Matrix:
    """The matrix of a report."""
    family_of = {code: rule.family for code, rule in rules().items()}
    judged = {verdict.code for verdict in report.verdicts}
    found = dict.fromkeys(family for code, family in family_of.items() if code in judged)
    families = tuple(sorted(found, key=lambda family: _ORDER.index(family) if family in _ORDER else len(_ORDER)))
    rows = {
        feed: {family: _cell(report, feed, family, family_of) for family in families} for feed in (*report.feeds, None)
    }
    return Matrix(families=families, rows=rows)


def _cell(report: Report, feed: str | None, family: str, family_of: Mapping[str, str]) -> Cell:
    verdicts = [v for v in report.verdicts if v.feed == feed and family_of[v.code] == family]
    found = [f.severity for f in report.findings if f.feed == feed and family_of[f.code] == family]
    passed = [v for v in verdicts if v.status is Status.PASS]
    unsure = [v for v in verdicts if v.status is Status.NOT_VERIFIED and not v.reason.startswith(_ELSEWHERE)]
    word = _word(found, _weight(passed), _weight(unsure))
    return Cell(word=word, findings=len(found), passed=len(passed), not_verified=len(unsure))


def _weight(verdicts: Iterable[Verdict]) -> int:
    return sum(_WEIGHTS[rules()[verdict.code].severity] for verdict in verdicts)


def _word(found: Iterable[Severity], passed: int, unsure: int) -> str:
    gravest = min(found, key=lambda severity: severity.rank, default=None)
    if gravest is not None:
        return gravest.value
    if passed > unsure:
        return Status.PASS.value
    return Status.NOT_VERIFIED.value if unsure else Status.NOT_APPLICABLE.value
