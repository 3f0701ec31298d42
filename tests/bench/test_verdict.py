import pytest

from late.after import After
from late.run import Report
from late.table import HEAD, table
from late.truth import Figures
from late.verdict import verdict


def report(lift=None, plain_lost=60, **options):
    lines = [("plain", "to + 0 s", Figures(rows=1000, lost=plain_lost, lost_in={"logins": plain_lost}, p99=60.0))]
    if lift is not None:
        lines.append(("lift", "to + 0 s", lift))
    return Report(lines=lines, **options)


def test_a_sealed_server_that_kept_everything_is_good():
    said, code = verdict(report(Figures(rows=1000, p99=63.0), after={"lift": After(asked=7)}), at_least=50)
    assert code == 0
    assert "plain lost 60: 60 of logins" in said
    assert "p99 freshness, lift / plain: 1.05" in said
    assert "7 answered windows asked again: 0 rows added" in said


@pytest.mark.parametrize("fault", ["lost", "doubled", "outside", "decreasing", "unknown"])
def test_each_fault_of_a_sealed_server_is_bad(fault):
    assert verdict(report(Figures(rows=1000, **{fault: 1})), at_least=50)[1] == 1


@pytest.mark.parametrize("fault", ["added", "changed", "missing", "doubled", "differing"])
def test_each_fault_of_what_was_asked_afterwards_is_bad(fault):
    found = report(Figures(), after={"lift": After(**{fault: 1})})
    assert verdict(found, at_least=50)[1] == 1


def test_lost_state_may_double_but_not_lose():
    assert verdict(report(Figures(doubled=9)), at_least=50, doubling=True)[1] == 0
    assert verdict(report(Figures(lost=1)), at_least=50, doubling=True)[1] == 1


def test_a_harness_that_loses_too_little_proves_nothing():
    said, code = verdict(report(Figures(), plain_lost=49), at_least=50)
    assert code == 1
    assert "proves nothing" in said


def test_what_did_not_start_was_not_tested():
    assert verdict(report(left_out={"lift": "not there"}), at_least=50)[1] == 3


def test_the_table_has_a_line_for_each_poller():
    lines = table([("plain", "to + 0 s", Figures(rows=20_000, lost=50, p50=30.04, p99=59.0))]).splitlines()
    head, line = ([cell.strip() for cell in text.split("  ") if cell.strip()] for text in lines)
    assert head == list(HEAD)
    assert line == ["plain", "to + 0 s", "20,000", "50", "0.25", "0", "0", "0", "30.0", "59.0", "0"]
