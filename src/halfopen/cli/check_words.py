"""The options of `halfopen check`, by what they are about, and what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from halfopen.check import engine
from halfopen.check.client import Limits
from halfopen.check.rule import rules
from halfopen.cli.target import Words, near
from halfopen.config import durations
from halfopen.contract.load import feeds as contract_feeds
from halfopen.errors import ConfigError, UsageError

_DEEP_REQUESTS, _REQUESTS = 1200, 300
_MINUTE, _LOOK = 60, 15
"""Seconds of watching that `_REQUESTS` are for, and between two looks beyond them."""
_Some = Annotated[list[str] | None, Parameter(negative=())]
_File = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]
_Flag = Annotated[bool, Parameter(negative=())]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Target:
    """The product.

    Attributes:
        config: a configuration file to take --product from, instead of an address.
        product: the product of the configuration file.
        auth: basic:USER:PASSWORD, bearer:TOKEN, login:USER:PASSWORD or none; ${NAME} comes from the environment.
        ca: certificates (PEM) to trust in place of the system's, of an authority of one's own.
        path: FEED=/PATH where it is not the document's; may be given several times.
        offset: the delay that the product declares, like 2m: younger windows are not held against it.
    """

    config: Path | None = None
    product: str | None = None
    auth: str | None = None
    ca: Path | None = None
    path: _Some = None
    offset: str | None = None

    def words(self, base_url: str | None) -> Words:
        """The same, with the address."""
        return Words(base_url, self.config, self.product, self.auth, self.ca, tuple(self.path or ()), self.offset)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Look:
    """What is asked, how often and how fast.

    Attributes:
        feed: only these feeds: names, with commas or several times.
        watch: how long to look for late rows, like 60s or 10m; 0s for not at all.
        deep: also every minute of an hour, and up to 1200 requests.
        max_requests: never send more requests; by default 300, and beyond a minute of watching one more for each feed
            and each quarter of a minute.
        rate: requests a second.
    """

    feed: _Some = None
    watch: str = "60s"
    deep: _Flag = False
    max_requests: int | None = None
    rate: float = 10.0


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is judged, and what counts.

    Attributes:
        only: judge only these rules: codes, with commas or several times.
        skip: leave these rules out.
        baseline: an earlier --json report, whose findings are known.
        fail_on: the level of findings that makes the exit code 1.
        replay: judge a recording instead of asking anybody.
    """

    only: _Some = None
    skip: _Some = None
    baseline: Path | None = None
    fail_on: Literal["must", "should", "never"] = "must"
    replay: Path | None = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What is written, and what it shows.

    Attributes:
        record: write all exchanges to this file, whole bodies included.
        redact: show digests in place of keys, and of a body that is no rows its length alone.
        json: write the report as JSON; - for standard output.
        html: write the report as one HTML file.
        junit: write the report as JUnit XML.
        sarif: write the report as SARIF.
    """

    record: Path | None = None
    redact: _Flag = False
    json: _File = None
    html: _File = None
    junit: _File = None
    sarif: _File = None

    @property
    def files(self) -> Mapping[str, Path | None]:
        """The forms of the report and their files."""
        return {"json": self.json, "html": self.html, "junit": self.junit, "sarif": self.sarif}


def options_of(look: Look, judgement: Judgement, outputs: Outputs) -> engine.Options:
    """What the engine is told.

    Raises:
        UsageError: a word does not fit.
    """
    chosen = _feeds(look.feed) or tuple(contract_feeds())
    seconds = seconds_of(look.watch, "--watch")
    usual = (_DEEP_REQUESTS if look.deep else _REQUESTS) + _watching(seconds, len(chosen))
    return engine.Options(
        feeds=chosen,
        only=_codes(judgement.only, "--only"),
        skip=_codes(judgement.skip, "--skip"),
        watch=seconds,
        deep=look.deep,
        redact=outputs.redact,
        limits=_limits(look.max_requests, look.rate, usual),
        record=outputs.record,
    )


def _feeds(words: Sequence[str] | None) -> tuple[str, ...]:
    names = [name for word in words or () for name in word.replace(",", " ").split()]
    for name in names:
        if name not in contract_feeds():
            meant = near(name, contract_feeds())
            raise UsageError(f"--feed: no feed {name!r}{meant}; choose from {', '.join(contract_feeds())}")
    return tuple(name for name in contract_feeds() if name in names)


def _codes(words: Sequence[str] | None, option: str) -> frozenset[str]:
    found = frozenset(code for word in words or () for code in word.replace(",", " ").split())
    for code in sorted(found):
        if code not in rules():
            raise UsageError(f"{option}: no rule {code!r}{near(code, rules())}; halfopen check rules lists them all")
    return found


def seconds_of(text: str, option: str) -> float:
    """A duration of an option; UsageError for anything else."""
    try:
        return durations.parse(text if text[-1:].isalpha() else f"{text}s").total_seconds()
    except ConfigError as error:
        raise UsageError(f"{option}: {error}") from None


def _watching(seconds: float, feeds: int) -> int:
    """Requests that watching takes beyond its first minute, so that a long one looks as often as a short one."""
    return feeds * (max(0, int(seconds) - _MINUTE) // _LOOK)


def _limits(most: int | None, rate: float, usual: int) -> Limits:
    if most is not None and most < 1:
        raise UsageError(f"--max-requests: found {most}, needs 1 or more")
    if not 0 < rate <= 1000:  # noqa: PLR2004 - nobody means more a second
        raise UsageError(f"--rate: found {rate:g}, needs a number of requests a second, like 10")
    return replace(Limits(rate=rate), requests=most or usual)
