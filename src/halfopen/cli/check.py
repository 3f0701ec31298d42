"""`halfopen check`: does a product's API keep the contract, and how can it be mended."""

import difflib
import importlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import uvloop
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from halfopen.check import baseline as baselines
from halfopen.check import engine
from halfopen.check.client import Limits
from halfopen.check.finding import Finding, Report, Severity
from halfopen.check.report import json as json_report
from halfopen.check.report import terminal
from halfopen.check.rule import Rule, rules
from halfopen.config import durations
from halfopen.config.load import load
from halfopen.config.product import ProductConfig, read_product
from halfopen.config.reading import environment, interpolated
from halfopen.contract.load import feeds as contract_feeds
from halfopen.errors import ConfigError, UsageError

GOOD, BAD_NEWS, UNREACHABLE, INTERRUPTED = 0, 1, 3, 130
_DEEP_REQUESTS, _REQUESTS = 1200, 300
_DEFAULT_WATCH = "60s"

app = App(name="check", help="Tell whether a product's API is what the CRM needs, and how to mend what is not.")
_Words = Annotated[list[str] | None, Parameter(negative=())]
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
    path: _Words = None,
    feed: _Words = None,
    watch: str = _DEFAULT_WATCH,
    only: _Words = None,
    skip: _Words = None,
    deep: _Flag = False,
    max_requests: int | None = None,
    rate: float = 10.0,
    offset: str | None = None,
    baseline: Path | None = None,
    fail_on: Literal["must", "should", "never"] = "must",
    replay: Path | None = None,
    record: Path | None = None,
    redact: _Flag = False,
    json: Path | None = None,
    html: Path | None = None,
    junit: Path | None = None,
    sarif: Path | None = None,
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
        feed: only this feed; may be given several times.
        watch: how long to look for late rows, like 60s or 10m; 0s for not at all.
        only: judge only these rules: codes, with commas or several times.
        skip: leave these rules out.
        deep: also every minute of an hour, and up to 1200 requests.
        max_requests: never send more requests; 300 by default.
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
    known = baselines.read(baseline) if baseline is not None else frozenset()
    chosen = _feeds(feed)
    options = engine.Options(
        feeds=chosen or tuple(contract_feeds()),
        only=_codes(only, "--only"),
        skip=_codes(skip, "--skip"),
        watch=_seconds(watch, "--watch"),
        deep=deep,
        redact=redact,
        limits=_limits(max_requests, rate, deep=deep),
        record=record,
    )
    report = _report(
        _target(base_url, config=config, product=product, auth=auth, ca=ca, path=path, offset=offset), options, replay
    )
    to_stdout = json is not None and str(json) == "-"
    terminal.render(report, Console(stderr=to_stdout))
    for name, where in (("html", html), ("junit", junit), ("sarif", sarif)):
        if where is not None:
            _write(where, _renderer(name)(report))
    if json is not None:
        _write(json, json_report.render(report))
    return _exit_code(report, baselines.new(report.findings, known), fail_on)


@app.command
def explain(code: str, /) -> int:
    """Explain a rule: what it says, why, a good and a bad example, and how to mend.

    Args:
        code: the rule's code, as reports name it.
    """
    found = rules().get(code)
    if found is None:
        raise UsageError(f"no rule {code!r}{_near(code)}; halfopen check rules lists them all")
    _explained(found, Console())
    return GOOD


@app.command(name="rules")
def list_rules() -> int:
    """List all rules with their severity and what they say."""
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "severity", "family", "says"):
        table.add_column(heading, no_wrap=heading != "says")
    for rule in rules().values():
        table.add_row(rule.code, rule.severity.value, rule.family, rule.doc)
    console = Console()
    Console(width=max(console.width, 150)).print(table)
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


def _report(target: ProductConfig | None, options: engine.Options, replay: Path | None) -> Report:
    if replay is not None:
        return engine.replayed(replay, target, options)
    if target is None:
        raise UsageError("nothing to check: give an address, or --config FILE --product NAME, or --replay FILE")
    console = Console(stderr=True)
    with console.status("") as status:

        def tell(text: str, requests: int) -> None:
            status.update(f"{text} ({requests} requests)")

        return uvloop.run(engine.check(target, options, tell=tell))


def _target(
    base_url: str | None,
    *,
    config: Path | None,
    product: str | None,
    auth: str | None,
    ca: Path | None,
    path: Sequence[str] | None,
    offset: str | None,
) -> ProductConfig | None:
    """The product to ask, from an address or from a configuration file."""
    changes: dict[str, Any] = {}
    if path:
        changes["paths"] = dict(path_word(word) for word in path)
    if auth is not None:
        changes["auth"] = auth_words(auth)
    if ca is not None:
        changes["ca"] = str(ca)
    if offset is not None:
        changes["offset"] = offset
    if base_url is not None:
        if product is not None:
            raise UsageError("give an address or --product, not both")
        return read_product("product", {"url": base_url, **changes}, "check")
    if config is None and product is None:
        return None
    settings = load(config or Path("halfopen.toml"), sections=("products",))
    found = settings.chosen_products([product] if product else [])
    if len(found) > 1:
        raise UsageError(f"--product: name one of {', '.join(found)}")
    chosen = next(iter(found.values()))
    if not changes:
        return chosen
    raise UsageError("--auth, --ca, --path and --offset belong to an address; with --product they stand in the file")


def auth_words(text: str) -> dict[str, str]:
    """The words of the configuration for `--auth`; ConfigError for a variable that is not set."""
    given: str = interpolated({"auth": text}, environment(), "--auth")["auth"]
    scheme, _, rest = given.partition(":")
    user, colon, password = rest.partition(":")
    match scheme:
        case "none" if not rest:
            return {"scheme": "none"}
        case "basic" | "login" if colon:
            return {"scheme": scheme, "user": user, "password": password}
        case "bearer" if rest:
            return {"scheme": "bearer", "token": rest}
        case _:
            raise UsageError(
                "--auth: write basic:USER:PASSWORD, bearer:TOKEN, login:USER:PASSWORD or none; other schemes come from"
                " the configuration file"
            )


def path_word(word: str) -> tuple[str, str]:
    """Feed and path of `--path FEED=/PATH`; UsageError for anything else."""
    feed, equals, path = word.partition("=")
    if not equals or feed not in contract_feeds() or not path.startswith("/"):
        raise UsageError(f"--path: found {word!r}; write FEED=/PATH with one of {', '.join(contract_feeds())}")
    return feed, path


def _feeds(names: Sequence[str] | None) -> tuple[str, ...]:
    for name in names or ():
        if name not in contract_feeds():
            raise UsageError(f"--feed: no feed {name!r}; choose from {', '.join(contract_feeds())}")
    return tuple(name for name in contract_feeds() if name in (names or ()))


def _codes(words: Sequence[str] | None, option: str) -> frozenset[str]:
    found = frozenset(code for word in words or () for code in word.replace(",", " ").split())
    for code in sorted(found):
        if code not in rules():
            raise UsageError(f"{option}: no rule {code!r}{_near(code)}; halfopen check rules lists them all")
    return found


def _near(code: str) -> str:
    near = difflib.get_close_matches(code, rules(), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _seconds(text: str, option: str) -> float:
    try:
        return durations.parse(text if text[-1:].isalpha() else f"{text}s").total_seconds()
    except ConfigError as error:
        raise UsageError(f"{option}: {error}") from None


def _limits(most: int | None, rate: float, *, deep: bool) -> Limits:
    if most is not None and most < 1:
        raise UsageError(f"--max-requests: found {most}, needs 1 or more")
    if not 0 < rate <= 1000:  # noqa: PLR2004 - nobody means more a second
        raise UsageError(f"--rate: found {rate:g}, needs a number of requests a second, like 10")
    return replace(Limits(rate=rate), requests=most or (_DEEP_REQUESTS if deep else _REQUESTS))


def _renderer(name: str) -> Any:
    """`render(report) -> str` of a form of the report, imported when it is wanted."""
    return importlib.import_module(f"halfopen.check.report.{name}").render


def _write(where: Path, text: str) -> None:
    if str(where) == "-":
        sys.stdout.write(text)
        return
    try:
        where.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {where}: {error.strerror}") from None


def _exit_code(report: Report, findings: Sequence[Finding], fail_on: str) -> int:
    if report.ended == engine.INTERRUPTED:
        return INTERRUPTED
    if report.unreachable:
        return UNREACHABLE
    levels = {"must": {Severity.MUST}, "should": {Severity.MUST, Severity.SHOULD}, "never": set[Severity]()}
    return BAD_NEWS if any(finding.severity in levels[fail_on] for finding in findings) else GOOD
