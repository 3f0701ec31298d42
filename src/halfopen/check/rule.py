"""What a rule is, how it ends, and how all of them are found."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import halfopen.check.rules
from halfopen.check.case import Case, FeedCase
from halfopen.check.exchange import Exchange
from halfopen.check.finding import Certainty, Severity, Status


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a rule ended for one feed or product; a failure has its evidence.

    severity: where it differs from the rule's own. seen: the exchange that shows it best.
    """

    status: Status
    reason: str = ""
    text: str = ""
    count: int = 0
    samples: tuple[str, ...] = ()
    seen: Exchange | None = None
    severity: Severity | None = None
    certainty: Certainty | None = None


PASS = Outcome(status=Status.PASS)


def not_applicable(reason: str) -> Outcome:
    """The rule says nothing here."""
    return Outcome(status=Status.NOT_APPLICABLE, reason=reason)


def not_verified(reason: str) -> Outcome:
    """The rule would say something, but what it needs was not seen."""
    return Outcome(status=Status.NOT_VERIFIED, reason=reason)


def failed(
    text: str,
    *,
    seen: Exchange | None = None,
    samples: Iterable[str] = (),
    count: int | None = None,
    severity: Severity | None = None,
    certainty: Certainty | None = None,
) -> Outcome:
    """The rule is broken; `count` is that of the samples when it is not given, and `seen` the sample where none is."""
    told = tuple(dict.fromkeys(samples)) or (() if seen is None else (_line(seen),))
    return Outcome(
        status=Status.FAIL,
        text=text,
        count=max(len(told) if count is None else count, 1),
        samples=told,
        seen=seen,
        severity=severity,
        certainty=certainty,
    )


def _line(exchange: Exchange) -> str:
    what = exchange.error or f"status {exchange.status}, {exchange.size:,} bytes"
    return f"request {exchange.number} ({exchange.probe}): {what}, {exchange.seconds:.1f} s"


FeedJudge = Callable[[FeedCase], Outcome]
ProductJudge = Callable[[Case], Outcome]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: its code, how grave, which family of the report, what it says and how a product may mend it.

    section: heading of the requirements that it comes from. good, bad: what keeps it and what breaks it. Exactly one
    of `of_feed` and `of_product` judges. feeds: the feeds that it is about; all when empty.
    """

    code: str
    severity: Severity
    family: str
    section: str
    doc: str
    fix: str
    good: str
    bad: str
    certainty: Certainty = Certainty.PROOF
    of_feed: FeedJudge | None = None
    of_product: ProductJudge | None = None
    feeds: frozenset[str] = frozenset()


@cache
def rules() -> dict[str, Rule]:
    """All rules by code, in the order of the modules that hold them."""
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(halfopen.check.rules.__path__):
        holder = importlib.import_module(f"{halfopen.check.rules.__name__}.{module.name}")
        for rule in getattr(holder, "RULES", ()):
            if rule.code in found:
                raise ValueError(f"two rules are called {rule.code}")
            found[rule.code] = rule
    return found


def feed_rule(
    code: str,
    severity: Severity,
    judge: FeedJudge,
    *,
    family: str,
    doc: str,
    fix: str,
    good: str,
    bad: str,
    section: str = "General Requirements & Information",
    certainty: Certainty = Certainty.PROOF,
    feeds: Sequence[str] = (),
) -> Rule:
    """A rule that is judged feed by feed."""
    return Rule(
        code=code, severity=severity, family=family, section=section, doc=doc, fix=fix, good=good, bad=bad,
        certainty=certainty, of_feed=judge, feeds=frozenset(feeds),
    )  # fmt: skip


def product_rule(
    code: str,
    severity: Severity,
    judge: ProductJudge,
    *,
    family: str,
    doc: str,
    fix: str,
    good: str,
    bad: str,
    section: str = "General Requirements & Information",
    certainty: Certainty = Certainty.PROOF,
) -> Rule:
    """A rule that is judged once."""
    return Rule(
        code=code, severity=severity, family=family, section=section, doc=doc, fix=fix, good=good, bad=bad,
        certainty=certainty, of_product=judge,
    )  # fmt: skip
