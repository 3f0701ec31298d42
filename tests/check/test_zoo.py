"""The engine from end to end, by real HTTP, on a few animals; `tests/acceptance/test_check_zoo.py` takes more."""

import asyncio
import tomllib
from collections.abc import Callable
from datetime import datetime

import pytest

from halfopen.check import engine
from halfopen.check.client import Limits
from halfopen.check.finding import Report, Severity
from halfopen.config.product import read_product
from halfopen.demo import faults
from halfopen.demo.faults import caller
from halfopen.window.clock import utc_now

DIALECTS = ("plain", "envelope", "hot_wallets", "rolled_back")
FAULTS = ("semicolons", "lower_exclusive", "capped_at100", "flapping_logins", "sums_of_the_window", "ghost_wallets")


AT_NIGHT = [("date_only", "00:00:40"), ("last_day_left_out", "23:58:30"), ("last_day_left_out", "00:00:02")]


def check(name: str, clock: Callable[[], datetime] = utc_now) -> Report:
    with faults.serving(name, clock=clock) as served:
        words = tomllib.loads(caller.toml(type(served.product), served.url))["products"][caller.NAME]
        product = read_product(caller.NAME, words, caller.NAME)
        options = engine.Options(watch=0, limits=Limits(rate=500))
        return asyncio.run(engine.check(product, options, clock=clock))


@pytest.mark.parametrize("name", DIALECTS)
def test_a_correct_product_is_not_accused(name: str) -> None:
    report = check(name)
    assert [(one.code, one.feed) for one in report.findings if one.severity is Severity.MUST] == []
    assert report.requests <= 300
    assert not report.partial


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_in_its_feed(name: str) -> None:
    animal = faults.fault(name)
    report = check(name)
    assert any(one.code == animal.code and animal.feed in {None, one.feed} for one in report.findings)
    roots = {one.code for one in report.findings if one.root and one.severity is not Severity.INFO}
    assert len(roots) <= 3


@pytest.mark.parametrize(("name", "time"), AT_NIGHT)
def test_whoever_takes_days_for_moments_is_found_around_midnight_too(name: str, time: str) -> None:
    began = utc_now()
    shift = datetime.fromisoformat(f"{began:%Y-%m-%d} {time}").replace(tzinfo=began.tzinfo) - began
    report = check(name, lambda: utc_now() + shift)
    animal = faults.fault(name)
    assert [one.code for one in report.findings if one.feed == animal.feed and one.root] == [animal.code]
