"""Late rows, in short: writers that commit late, a poller that asks once, plain and sealed windows over real HTTP.

The long form, with a table for people, is bench/late_rows.py.
"""

import pytest

from late.places import place
from late.run import Options, run
from late.scale import Scale
from late.table import table
from late.verdict import verdict
from support.alone import alone

SHORT = {"scale": Scale(60), "seconds": 8.0, "tail": 180.0, "rate": 80.0, "settle": 4.0, "seed": 4}


def assert_good(report):
    said, code = verdict(report, at_least=20)
    assert code == 0, f"{table(report.lines)}\n{said}"


@pytest.fixture(autouse=True)
def machine():
    with alone():
        yield


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
async def test_no_row_is_lost_however_late_it_commits(engine, tmp_path):
    with place(engine) as found:
        assert_good(await run(Options(variants=("plain", "lift", "apart"), **SHORT), found, tmp_path))


async def test_no_row_is_lost_by_a_server_that_is_killed_while_it_answers(tmp_path):
    with place("postgresql") as found:
        assert_good(await run(Options(variants=("plain", "lift"), kill_every=2.0, **SHORT), found, tmp_path))


async def test_no_row_is_lost_or_doubled_by_two_servers_that_share_their_state(tmp_path):
    with place("postgresql") as found:
        assert_good(await run(Options(variants=("plain", "two"), **SHORT), found, tmp_path))
