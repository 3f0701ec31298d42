"""`halfopen check` over the zoo: every fault found under its code, in its feed, and no correct dialect accused.

One animal of each family here, picked by HALFOPEN_ZOO_SEED; all of them with `bench/check_zoo.py --seeds 1,2,3`.
"""

import importlib
import os
from pathlib import Path

import pytest

from support.alone import alone

BENCH = Path(__file__).parents[2] / "bench"
SEED = int(os.environ.get("HALFOPEN_ZOO_SEED", "1"))
JOBS = 3
MOST_REQUESTS = 300


@pytest.fixture(scope="module", autouse=True)
def machine():
    with alone():
        yield


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))  # its processes import it by its name
        yield importlib.import_module("check_zoo")


@pytest.fixture(scope="module")
def verdicts(bench):
    print(f"HALFOPEN_ZOO_SEED={SEED}")  # noqa: T201 - so that a failure can be had again
    return bench.judged(bench.sample(SEED), [SEED], watch=0, jobs=JOBS, rate=100.0)


def test_every_fault_of_the_sample_is_found_under_its_code_and_in_its_feed(bench, verdicts):
    wrong = [each for each in verdicts if each.outcome not in {"right", "quiet"}]
    assert not wrong, "\n".join(bench.table(wrong))


def test_nothing_grave_is_held_against_what_is_right(bench, verdicts):
    accused = [each for each in verdicts if each.must_alarms]
    assert not accused, "\n".join(bench.table(accused))


def test_it_asks_no_more_than_it_said(verdicts):
    assert max(each.requests for each in verdicts) <= MOST_REQUESTS


def test_a_missed_fault_is_told_from_a_found_one(bench):
    """The comparison itself: a report without findings misses, one with another code or feed is not right."""
    fault = bench.zoo()["upper_inclusive"]
    finding = {"code": fault.code, "feed": "players", "severity": "MUST", "root": True}

    def outcome(*findings):
        return bench.verdict(fault, 1, {"findings": findings, "requests": 1, "seconds": 1.0})

    assert outcome().outcome == "missed"
    assert outcome(finding).outcome == "right"
    assert outcome({**finding, "feed": "logins"}).outcome == "wrong_feed"
    assert outcome({**finding, "code": "rows_capped"}).outcome == "wrong_code"
    assert outcome(finding, {**finding, "feed": "logins"}).must_alarms == [f"{fault.code}@logins"]
    right = bench.verdict(bench.zoo()["plain"], 1, {"findings": [finding], "requests": 1, "seconds": 1.0})
    assert right.outcome == "alarm"
