"""`halfopen check`: does a product's API keep the contract, and how can it be mended."""

import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import uvloop
from cyclopts import App, Parameter
from msgspec.structs import replace as replaced
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from halfopen.auth.path_keys import masked
from halfopen.check import baseline as baselines
from halfopen.check import engine
from halfopen.check.client import Limits
from halfopen.check.finding import Report, Severity
from halfopen.check.report import terminal
from halfopen.check.report.files import STDOUT, demand_writable, printed, write
from halfopen.check.rule import Rule, rules
from halfopen.cli.leaving import Leaving, politely
from halfopen.cli.target import Words, near, of_address, of_file
from halfopen.config import durations
from halfopen.contract.load import feeds as contract_feeds
from halfopen.errors import ConfigError, UsageError

GOOD, BAD_NEWS, UNREACHABLE, INTERRUPTED = 0, 1, 3, 130
_DEEP_REQUESTS, _REQUESTS = 1200, 300
_MINUTE, _LOOK = 60, 15
"""Seconds of watching that `_REQUESTS` are for, and between two looks beyond them."""
_DEFAULT_WATCH = "60s"
_WIDE = 150
"""Columns that a table of rules wants."""

app = App(name="check", help="Tell whether a product's API is what the CRM needs, and how to mend what is not.")
_Some = Annotated[list[str] | None, Parameter(negative=())]
_File = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]
_Flag = Annotated[bool, Parameter(negative=())]


@app.default
def check(
    base_url: str | None = None,
    /,
    *,
    config: Path | None = None,
    product: str | None = None,
    auth: str | None = None,
    ca: Path | None = None,
    path: _Some = None,
    feed: _Some = None,
    watch: str = _DEFAULT_WATCH,
    only: _Some = None,
    skip: _Some = None,
    deep: _Flag = False,
    max_requests: int | None = None,
    rate: float = 10.0,
    offset: str | None = None,
    baseline: Path | None = None,
    fail_on: Literal["must", "should", "never"] = "must",
    replay: Path | None = None,
    record: Path | None = None,
    redact: _Flag = False,
    json: _File = None,
    html: _File = None,
    junit: _File = None,
    sarif: _File = None,
) -> int:
    """Check a product: GET requests alone, a few at a time, and a report with evidence.

    Exit code 0: nothing found at the --fail-on level. 1: something found. 3: nothing could be tested. 130: interrupted,
    with the report of what was found so far.

    Args:
        base_url: the product's address, like https://space-vegas.com.
        config: a configuration file to take --product from, instead of an address.
        product: the product of the configuration file.
        auth: basic:USER:PASSWORD, bearer:TOKEN, login:USER:PASSWORD or none; ${NAME} comes from the environment.
        ca: certificates (PEM) to trust in place of the system's, of an authority of one's own.
        path: FEED=/PATH where it is not the document's; may be given several times.
        feed: only these feeds: names, with commas or several times.
        watch: how long to look for late rows, like 60s or 10m; 0s for not at all.
        only: judge only these rules: codes, with commas or several times.
        skip: leave these rules out.
        deep: also every minute of an hour, and up to 1200 requests.
        max_requests: never send more requests; by default 300, and beyond a minute of watching one more for each feed
            and each quarter of a minute.
        rate: requests a second.
        offset: the delay that the product declares, like 2m: younger windows are not held against it.
        baseline: an earlier --json report, whose findings are known.
        fail_on: the level of findings that makes the exit code 1.
        replay: judge a recording instead of asking anybody.
        record: write all exchanges to this file, whole bodies included.
        redact: show digests in place of keys.
        json: write the report as JSON; - for standard output.
        html: write the report as one HTML file.
        junit: write the report as JUnit XML.
        sarif: write the report as SARIF.
    """
    known = baselines.read(baseline) if baseline is not None else None
    files = {"json": json, "html": html, "junit": junit, "sarif": sarif}
    demand_writable({**files, "record": record})
    chosen = _feeds(feed) or tuple(contract_feeds())
    seconds = _seconds(watch, "--watch")
    options = engine.Options(
        feeds=chosen,
        only=_codes(only, "--only"),
        skip=_codes(skip, "--skip"),
        watch=seconds,
        deep=deep,
        redact=redact,
        limits=_limits(max_requests, rate, (_DEEP_REQUESTS if deep else _REQUESTS) + _watching(seconds, len(chosen))),
        record=record,
    )
    words = Words(base_url, config, product, auth, ca, tuple(path or ()), offset)
    with politely() as leaving:
        report = _report(words, options, leaving) if replay is None else _replayed(replay, words, options)
        if known is not None:
            report = baselines.marked(report, known)
        write(report, files)
        _print(report, files)
    return _exit_code(report, fail_on)


@app.command
def explain(code: str, /) -> int:
    """Explain a rule: what it says, why, a good and a bad example, and how to mend.

    Args:
        code: the rule's code, as reports name it.
    """
    found = rules().get(code)
    if found is None:
        raise UsageError(f"no rule {code!r}{near(code, rules())}; halfopen check rules lists them all")
    _explained(found, Console())
    return GOOD


@app.command(name="rules")
def list_rules() -> int:
    """List all rules with their severity and what they say."""
    console = Console()
    if console.is_terminal and console.width < _WIDE:
        for rule in rules().values():
            console.print(Text(f"{rule.code}  {rule.severity.value}, {rule.family}", style="bold"))
            console.print(Padding(Text(rule.doc), (0, 0, 0, 4)))
        return GOOD
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "severity", "family", "says"):
        table.add_column(heading, no_wrap=heading != "says")
    for rule in rules().values():
        table.add_row(rule.code, rule.severity.value, rule.family, rule.doc)
    Console(width=max(console.width, _WIDE)).print(table)
    return GOOD


def _explained(rule: Rule, console: Console) -> None:
    console.print(f"[bold]{rule.code}[/]  {rule.severity.value}, {rule.certainty.value}", highlight=False)
    for name, text in (
        ("says", rule.doc),
        ("fix", rule.fix),
        ("good", rule.good),
        ("bad", rule.bad),
        ("section", rule.section),
        ("feeds", ", ".join(sorted(rule.feeds)) or ("all" if rule.of_feed else "the product as a whole")),
    ):
        console.print(f"{name:8} {text}", highlight=False, markup=False, soft_wrap=True)


def _report(words: Words, options: engine.Options, leaving: Leaving) -> Report:
    target = of_file(words) if words.isof_file else of_address(words)
    console = Console(stderr=True)
    with console.status("") as status:

        def tell(text: str, requests: int) -> None:
            status.update(f"{text} ({requests} requests)")
            if text == engine.JUDGING:
                leaving.tells()

        async def asked() -> Report:
            leaving.asks()
            return await engine.check(target, options, tell=tell)

        return uvloop.run(asked())


def _replayed(path: Path, words: Words, options: engine.Options) -> Report:
    """Judge a recording: what it cannot be asked any more is refused, what can be judged anew is."""
    if words.base_url is not None:
        raise UsageError(f"--replay has its address in the recording; leave out {masked(words.base_url)}")
    idle = words.given("auth", "ca", "paths") + (["--record"] if options.record is not None else [])
    if idle:
        raise UsageError(f"{' and '.join(idle)}: nothing is asked with --replay; leave it out")
    if words.isof_file:
        known = of_file(words)
        return engine.replayed(path, options, lambda recorded: replaced(known, url=recorded.url))
    if words.offset is None:
        return engine.replayed(path, options)
    offset = timedelta(seconds=_seconds(words.offset, "--offset"))
    return engine.replayed(path, options, lambda recorded: replaced(recorded, offset=offset, offsets={}))


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


def _seconds(text: str, option: str) -> float:
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


class _Console(Console):
    """One that leaves it to us what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        """Whoever read us has gone."""
        raise BrokenPipeError


def _print(report: Report, files: Mapping[str, Path | None]) -> None:
    """The report for a person, and beside it the one that goes to standard output; it may be closed by now."""
    to_stdout = STDOUT in files.values()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that this terminal cannot write is no reason to say nothing.
            stream.reconfigure(errors="backslashreplace")
    try:
        terminal.render(report, _Console(stderr=to_stdout))
        printed(report, files)
        sys.stdout.flush()
    except BrokenPipeError:
        # A second complaint at exit would help nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _exit_code(report: Report, fail_on: str) -> int:
    if report.ended == engine.INTERRUPTED:
        return INTERRUPTED
    if report.unreachable:
        return UNREACHABLE
    levels = {"must": {Severity.MUST}, "should": {Severity.MUST, Severity.SHOULD}, "never": set[Severity]()}
    found = [finding for finding in report.findings if not finding.known and finding.severity in levels[fail_on]]
    return BAD_NEWS if found else GOOD
