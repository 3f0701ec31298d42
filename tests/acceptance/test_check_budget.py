"""`halfopen check` keeps its budgets against a huge product, and says what to do about a certificate.

The long form is bench/check_budget.py.
"""

import subprocess
import sys
from dataclasses import replace
from typing import ClassVar

import check_budget
from halfopen.demo.faults import app, serving
from halfopen.demo.faults.caller import toml
from halfopen.demo.faults.product import Product
from halfopen.window.clock import utc_now
from support.alone import alone


def test_a_huge_product_is_checked_within_requests_and_memory():
    with alone():
        one = check_budget.measured(check_budget.RUNS["huge"], "--rate", "40")
    assert one.code == 0, one.report["findings"]
    assert one.requests <= check_budget.MOST_REQUESTS
    assert one.megabytes <= check_budget.MOST_MB
    assert one.report["feeds"]["logins"]["rows"] > 1000
    assert not [each for each in one.report["findings"] if each["severity"] == "MUST"]


def test_a_budget_that_was_broken_is_told():
    run = check_budget.RUNS["usual"]
    good = check_budget.Measured(300, 30.0, 200.0, 0, {"ended": ""})
    assert check_budget.broken(run, good) == []
    for one, told in (
        (replace(good, requests=301), "more than 300 requests"),
        (replace(good, report={"ended": "the budget of 300 requests is used up"}), "is used up"),
        (replace(good, megabytes=201.0), "more than 200 MB"),
        (replace(good, seconds=30.1), "more than 30 s"),
        (replace(good, code=3), "exit code 3"),
    ):
        (found,) = check_budget.broken(run, one)
        assert told in found


def test_a_product_of_the_configuration_is_checked(tmp_path):
    class Own(Product):
        words: ClassVar = {**Product.words, "paths": {"players": "/own/people"}}

        def route(self, path):
            return "players" if path == "/own/people" else None

    with app.serving(Own(1, utc_now)) as served:
        file = tmp_path / "halfopen.toml"
        file.write_text(toml(Own, served.url), encoding="utf-8")
        done = run("--config", str(file), "--product", "zoo", "--watch", "0s", "--rate", "100")
    assert done.returncode == 0, done.stdout
    assert "1 of 13 feeds" in done.stdout


def test_a_self_signed_product_is_told_what_to_do():
    with serving("self_signed") as served:
        done = run(served.url, "--auth", "none", "--watch", "0s")
    assert done.returncode == 3
    assert "--ca ca.pem" in done.stdout


def run(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "halfopen", "check", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=240)
