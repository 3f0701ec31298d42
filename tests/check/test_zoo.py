"""The engine from end to end, by real HTTP, on a few animals; `tests/acceptance/test_check_zoo.py` takes more."""

import asyncio
import tomllib

import pytest

from halfopen.check import engine
from halfopen.check.client import Limits
from halfopen.check.finding import Report, Severity
from halfopen.config.product import read_product
from halfopen.demo import faults
from halfopen.demo.faults import caller

DIALECTS = ("plain", "envelope", "hot_wallets", "rolled_back")
FAULTS = ("semicolons", "lower_exclusive", "capped_at100", "flapping_logins", "sums_of_the_window", "ghost_wallets")


def check(name: str) -> Report:
    with faults.serving(name) as served:
        words = tomllib.loads(caller.toml(type(served.product), served.url))["products"][caller.NAME]
        product = read_product(caller.NAME, words, caller.NAME)
        return asyncio.run(engine.check(product, engine.Options(watch=0, limits=Limits(rate=500))))


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
