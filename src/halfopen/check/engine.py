"""A whole check: look, watch, look again, judge, rank."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from halfopen.check import echo, judging, patience, recording, road, roots, shown, unreachable, watch
from halfopen.check.case import Case, build
from halfopen.check.client import Client, Limits, Spent
from halfopen.check.closing import Closing
from halfopen.check.finding import FeedSeen, Finding, Report, Severity
from halfopen.check.observe import Observer
from halfopen.check.recording import How
from halfopen.check.survey import Survey
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.window.clock import utc_now

INTERRUPTED = "interrupted"
"""What `Report.ended` says after Ctrl-C."""
JUDGING = "judging"
"""What `tell` is told once nothing more is asked."""
_OK = 200
Tell = Callable[[str, int], None]
"""Told what is being done, and how many requests were sent."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to check and how: codes of rules to judge alone or to leave out, seconds to watch, where to record."""

    feeds: tuple[str, ...] = tuple(feeds())
    only: Collection[str] = ()
    skip: Collection[str] = ()
    watch: float = 60.0
    deep: bool = False
    redact: bool = False
    limits: Limits = field(default_factory=Limits)
    record: Path | None = None


async def check(
    product: ProductConfig,
    options: Options,
    *,
    tell: Tell = lambda _text, _requests: None,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> Report:
    """Check a product over HTTP; a cancellation ends it with what was found so far (`partial`).

    What it has asked is recorded before it is judged.

    Raises:
        ConfigError: the certificates to trust cannot be read.
        UsageError: the recording cannot be written.
    """
    started = clock()
    with recording.opened(options.record) as file, tempfile.TemporaryDirectory(prefix="halfopen-check-") as folder:
        async with road.session(product) as session:
            observer = Observer(product.columns)
            client = Client(
                product, session, options.limits, Path(folder), clock=clock, monotonic=monotonic,
                seen=lambda exchange: survey.record(exchange),  # noqa: PLW0108 - the survey comes after the client
            )  # fmt: skip
            survey = Survey(
                product,
                client,
                observer,
                names=options.feeds,
                clock=clock,
                tell=lambda text: tell(text, client.requests),
            )
            interrupted = False
            try:
                await _asked(survey, client, options, monotonic, lambda text: tell(text, client.requests))
            except asyncio.CancelledError:
                interrupted = True
                task = asyncio.current_task()
                if task is not None:
                    task.uncancel()
        tell(JUDGING, client.requests)
        case = survey.case()
        how = How(
            product=product,
            started=case.started,
            finished=case.finished,
            seconds=(clock() - started).total_seconds(),
            requests=client.requests,
            watched=case.watched,
            token_lifetime=case.token_lifetime,
            spaces=case.spaces,
            feeds=options.feeds,
            ended=INTERRUPTED if interrupted else survey.spent,
        )
        if file is not None:
            recording.write(file, how, (replace(o.exchange, echoed=echo.place(o)) for o in survey.observations))
        return _report(case, options, how)


async def _asked(
    survey: Survey, client: Client, options: Options, monotonic: Callable[[], float], tell: Callable[[str], None]
) -> None:
    await survey.look(deep=options.deep)
    if not survey.reachable:
        return
    kept = watch.budget_kept(survey.case())
    await watch.watch(survey, client, options.watch, monotonic=monotonic, tell=tell, keep=kept)
    with suppress(Spent):
        await Closing(survey).finish()


def replayed(path: Path, options: Options, change: Callable[[ProductConfig], ProductConfig] = lambda p: p) -> Report:
    """Judge a recording as the check that made it would; `change`: what is known better now than it was then.

    Raises:
        UsageError: the file is no recording.
    """
    with tempfile.TemporaryDirectory(prefix="halfopen-check-") as folder:
        how, exchanges = recording.read(path, Path(folder))
        asked = [name for name in options.feeds if how.feeds is None or name in how.feeds]
        exchanges = [exchange for exchange in exchanges if exchange.feed in asked]
        product = change(how.product)
        observer = Observer(product.columns)
        observations = [observer.observe(exchange) for exchange in exchanges]
        started = how.started or min((e.started for e in exchanges), default=datetime.min.replace(tzinfo=UTC))
        finished = how.finished or max((e.ended for e in exchanges), default=started)
        watched = [e.started for e in exchanges if e.probe == "watch"]
        spaces = how.spaces or {e.feed or "": "+" for e in exchanges if e.probe == "percent20"}
        case = build(
            product,
            observations,
            started=started,
            finished=finished,
            asked=asked,
            spaces=spaces,
            watched=how.watched or ((max(watched) - min(watched)).total_seconds() if watched else 0.0),
            token_lifetime=how.token_lifetime,
        )
        seconds = (finished - started).total_seconds() if how.seconds is None else how.seconds
        ended = f"what was recorded was {INTERRUPTED}" if how.ended == INTERRUPTED else how.ended
        requests = how.requests or len(exchanges)
        return _report(case, options, replace(how, ended=ended, seconds=seconds, requests=requests))


def _report(case: Case, options: Options, how: How) -> Report:
    verdicts, findings = judging.judge(case, options.only, options.skip)
    late = watch.lateness(case)
    report = Report(
        target=case.product.url,
        started=case.started,
        seconds=how.seconds or 0.0,
        requests=how.requests,
        feeds={
            name: FeedSeen(offered=feed.offered, rows=len({row.key for row in feed.rows}))
            for name, feed in case.feeds.items()
        },
        verdicts=tuple(verdicts),
        findings=roots.ranked(findings),
        suggested_offset_seconds=watch.suggested_offset(case, late),
        lateness=late,
        exchanges=case.exchanges,
        rows_of={o.exchange.number: len(o.rows) for feed in case.feeds.values() for o in feed.observations},
        partial=bool(how.ended),
        ended=how.ended,
        unreachable=_untested(case, how, findings),
    )
    quotes = [o.problem.text for feed in case.feeds.values() for o in feed.observations if o.problem]
    return shown.shown(report, redact=options.redact, quotes=quotes)


def _untested(case: Case, how: How, findings: Iterable[Finding]) -> str:
    """Why nothing, or next to nothing, could be tested; empty where something was, or was found wrong all the same."""
    if not any(e.status == _OK and e.credentials == "right" for e in case.exchanges):
        return unreachable.why(case)
    if patience.was_sent_away(case) and not any(one.severity is Severity.MUST for one in findings):
        return f"most of it could not be tested: {how.ended or 'polls were refused'}"
    return ""
