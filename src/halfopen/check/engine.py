"""A whole check: look, watch, look again, judge, rank."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from halfopen.check import client as clients
from halfopen.check import judging, road, roots, watch
from halfopen.check.case import Case, build
from halfopen.check.client import Client, Limits
from halfopen.check.closing import Closing
from halfopen.check.exchange import Exchange, read_recording, write_recording
from halfopen.check.finding import FeedSeen, Report
from halfopen.check.observe import Observer
from halfopen.check.survey import Survey
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds

INTERRUPTED = "interrupted"
"""What `Report.ended` says after Ctrl-C."""
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
    clock: Callable[[], datetime] = clients.utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> Report:
    """Check a product over HTTP; a cancellation ends it with what was found so far (`partial`).

    Raises:
        ConfigError: the certificates to trust cannot be read.
    """
    started = clock()
    with tempfile.TemporaryDirectory(prefix="halfopen-check-") as folder:
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
        tell("judging", client.requests)
        case = survey.case()
        report = _report(case, options, started, (clock() - started).total_seconds(), client.requests)
        if options.record is not None:
            write_recording(options.record, product.url, (o.exchange for o in survey.observations))
        return replace(
            report,
            partial=interrupted or bool(survey.spent),
            ended=INTERRUPTED if interrupted else survey.spent,
            unreachable="" if survey.reachable else _unreachable(case.exchanges),
        )


async def _asked(
    survey: Survey, client: Client, options: Options, monotonic: Callable[[], float], tell: Callable[[str], None]
) -> None:
    await survey.look(deep=options.deep)
    if not survey.reachable:
        return
    kept = watch.budget_kept(survey.case())
    await watch.watch(survey, client, options.watch, monotonic=monotonic, tell=tell, keep=kept)
    with suppress(clients.Spent):
        await Closing(survey).finish()


def replayed(path: Path, product: ProductConfig | None, options: Options) -> Report:
    """Judge a recording; `product`: how it was asked, where more than its address is known.

    Raises:
        UsageError: the file is no recording.
    """
    with tempfile.TemporaryDirectory(prefix="halfopen-check-") as folder:
        target, exchanges = read_recording(path, Path(folder))
        product = product or ProductConfig(name="replay", url=target, auth=_scheme_of(exchanges))
        observer = Observer(product.columns)
        observations = [observer.observe(exchange) for exchange in exchanges]
        started = min((e.started for e in exchanges), default=datetime.min.replace(tzinfo=UTC))
        finished = max((e.ended for e in exchanges), default=started)
        watched = [e.started for e in exchanges if e.probe == "watch"]
        case = build(
            product,
            observations,
            started=started,
            finished=finished,
            asked=options.feeds,
            spaces={e.feed or "": "+" for e in exchanges if e.probe == "percent20"},
            watched=(max(watched) - min(watched)).total_seconds() if watched else 0.0,
        )
        reachable = any(e.status == 200 and e.credentials == "right" for e in exchanges)  # noqa: PLR2004 - OK
        report = _report(case, options, started, (finished - started).total_seconds(), len(exchanges))
        return replace(report, target=target, unreachable="" if reachable else _unreachable(tuple(exchanges)))


def _scheme_of(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """Whether anybody signed in; a recording keeps no secrets."""
    signed = any(e.credentials != "right" for e in exchanges)
    return {"scheme": "bearer", "token": "recorded"} if signed else {"scheme": "none"}


def _report(case: Case, options: Options, started: datetime, seconds: float, requests: int) -> Report:
    verdicts, findings = judging.judge(case, options.only, options.skip)
    late = watch.lateness(case)
    told = roots.ranked(findings)
    if options.redact:
        told = tuple(replace(one, samples=tuple(map(judging.hashed, one.samples))) for one in told)
        late = tuple(replace(one, key=judging.hashed(one.key)) for one in late)
    return Report(
        target=case.product.url,
        started=started,
        seconds=seconds,
        requests=requests,
        feeds={
            name: FeedSeen(offered=feed.offered, rows=len({row.key for row in feed.rows}))
            for name, feed in case.feeds.items()
        },
        verdicts=tuple(verdicts),
        findings=told,
        suggested_offset_seconds=watch.suggested_offset(case, late),
        lateness=late,
        exchanges=case.exchanges,
    )


def _unreachable(exchanges: tuple[Exchange, ...]) -> str:
    """Why nothing could be tested, in one line."""
    polls = [e for e in exchanges if e.credentials == "right"]
    if not polls:
        return "nothing was asked"
    first = polls[-1]
    what = first.error or f"status {first.status}"
    hint = {
        401: ": check --auth",
        403: ": check --auth, and whether this machine's address is allowed",
        404: ": check the address and the paths",
    }.get(first.status or 0, "")
    if first.error_code == "tls_invalid":
        hint = ": renew it; where the authority is your own, name its certificate: halfopen check --ca ca.pem"
    return f"no feed could be read: {what}{hint}"
