"""What a check says: findings, verdicts and the report that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from halfopen.check.exchange import Exchange

MOST_SAMPLES = 20
"""A finding shows no more samples than these; `count` tells them all."""


class Severity(StrEnum):
    """MUST: the document says so, or the CRM loses or corrupts rows; SHOULD: it hampers; INFO: worth knowing."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    INFO = "INFO"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return tuple(Severity).index(self)


class Certainty(StrEnum):
    """Whether the evidence proves it, or makes it likely; only a proof may be MUST."""

    PROOF = "proof"
    STATISTICAL = "statistical"


class Status(StrEnum):
    """How a rule ended for a feed; whatever is not a pass or a fail has its reason."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    NOT_VERIFIED = "not_verified"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule broken in one feed, or in the whole product (`feed` is None).

    samples: at most `MOST_SAMPLES`, one line each, of key, field and value; never a secret. request: a curl line with
    the secret as a variable, or empty. root: not explained by another finding. follows: codes of the findings that
    this one probably explains. text: one sentence, what was found. known: an earlier report has it.
    """

    code: str
    severity: Severity
    certainty: Certainty
    feed: str | None
    count: int
    samples: tuple[str, ...]
    request: str
    fix: str
    section: str
    root: bool = False
    follows: tuple[str, ...] = ()
    text: str = ""
    known: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How one rule ended for one feed, or for the whole product (`feed` is None)."""

    code: str
    feed: str | None
    status: Status
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class FeedSeen:
    """Whether the product has a feed, and how many rows of it were seen, each row counted once."""

    offered: bool
    rows: int


@dataclass(frozen=True, kw_only=True)
class Late:
    """A row that became visible after its window was closed and answered; all moments are aware UTC.

    stamp: the row's cursor. first_asked: the last answer that should have held it and did not. found: the first that
    did.
    """

    feed: str
    key: str
    stamp: datetime
    first_asked: datetime
    found: datetime


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole check.

    target: the address, without credentials. started: aware UTC. requests: how many were sent. partial: it was
    interrupted, or ran out of its budget, and `ended` says which. unreachable: why nothing could be tested; empty when
    something could. compared: findings are marked that an earlier report has. rows_of: how many rows the exchange of a
    number brought.
    """

    target: str
    started: datetime
    seconds: float
    requests: int
    feeds: Mapping[str, FeedSeen]
    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    suggested_offset_seconds: int | None
    lateness: tuple[Late, ...]
    exchanges: tuple[Exchange, ...] = field(repr=False, default=())
    partial: bool = False
    ended: str = ""
    unreachable: str = ""
    compared: bool = False
    rows_of: Mapping[int, int] = field(repr=False, default_factory=dict)
