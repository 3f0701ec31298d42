"""`halfopen check`: does a product's API keep the contract, and how can it be mended."""

import io
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import uvloop
from cyclopts import App
from msgspec.structs import replace as replaced
from rich.console import Console

from halfopen.auth.path_keys import masked
from halfopen.check import baseline as baselines
from halfopen.check import engine
from halfopen.check.finding import Report, Severity
from halfopen.check.report import terminal
from halfopen.check.report.files import STDOUT, demand_writable, printed, write
from halfopen.cli import check_rules
from halfopen.cli.check_words import Judgement, Look, Outputs, Target, options_of, seconds_of
from halfopen.cli.leaving import Leaving, politely
from halfopen.cli.target import Words, of_address, of_file
from halfopen.errors import UsageError

GOOD, BAD_NEWS, UNREACHABLE, INTERRUPTED = 0, 1, 3, 130
app = App(name="check", help="Tell whether a product's API is what the CRM needs, and how to mend what is not.")
app.command(check_rules.explain)
app.command(check_rules.list_rules, name="rules")
_TARGET, _LOOK, _JUDGEMENT, _OUTPUTS = Target(), Look(), Judgement(), Outputs()


@app.default
def check(
    base_url: str | None = None,
    /,
    *,
    target: Target = _TARGET,
    look: Look = _LOOK,
    judgement: Judgement = _JUDGEMENT,
    outputs: Outputs = _OUTPUTS,
) -> int:
    """Check a product: GET requests alone, a few at a time, and a report with evidence.

    Exit code 0: nothing found at the --fail-on level. 1: something found. 3: nothing could be tested. 130: interrupted,
    with the report of what was found so far.

    Args:
        base_url: the product's address, like https://space-vegas.com.
        target: what else is to be known of the product.
        look: what is asked, how often and how fast.
        judgement: what is judged, and what counts.
        outputs: what is written, and what it shows.
    """
    known = baselines.read(judgement.baseline) if judgement.baseline is not None else None
    files = outputs.files
    demand_writable({**files, "record": outputs.record})
    options = options_of(look, judgement, outputs)
    words = target.words(base_url)
    with politely() as leaving:
        report = (
            _report(words, options, leaving)
            if judgement.replay is None
            else _replayed(judgement.replay, words, options)
        )
        if known is not None:
            report = baselines.marked(report, known)
        write(report, files)
        _print(report, files)
    return _exit_code(report, judgement.fail_on)


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
    offset = timedelta(seconds=seconds_of(words.offset, "--offset"))
    return engine.replayed(path, options, lambda recorded: replaced(recorded, offset=offset, offsets={}))


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
