from io import StringIO

from rich.console import Console

from halfopen.contract.load import feeds
from halfopen.demo import view


def moment(**changes) -> view.Moment:
    quiet = {"rows": 1_000, "lag_seconds": 4.0, "holes": 0, "quarantined": 0, "late": 1}
    status = dict.fromkeys(feeds(), quiet)
    status["wallets"] = {**quiet, **changes}
    return view.Moment(12.4, 5.0, 34_567, status, "wallets: the mirror says no [really]")


def shown(seen: view.Moment) -> str:
    console = Console(file=StringIO(), width=110, color_system=None)
    console.print(view.table(seen))
    return console.file.getvalue()


def test_a_line_sums_up_all_feeds():
    assert view.line(moment()) == (
        "  12 s  34,567 changes in the casino, 13,000 rows in the mirror, at most 4.0 s behind, 0 holes, 0 quarantined,"
        " 13 late rows found"
    )


def test_the_slowest_feed_says_how_far_all_are_behind():
    assert "at most 61.0 s behind" in view.line(moment(lag_seconds=61.0))


def test_a_feed_without_a_watermark_is_not_called_fresh():
    assert "not all feeds begun" in view.line(moment(lag_seconds=None))
    assert "…" in shown(moment(lag_seconds=None))


def test_trouble_is_told_while_holes_are_left():
    assert view.line(moment(holes=2)).endswith("; wallets: the mirror says no [really]")
    assert "the mirror says no [really]" in " ".join(shown(moment(holes=2)).split())
    assert "the mirror says no" not in shown(moment())


def test_the_table_has_a_row_a_feed():
    text = shown(moment(rows=1_234_567, quarantined=7))
    assert all(name in text for name in feeds())
    assert "1,234,567" in text
    assert "7" in next(line for line in text.splitlines() if "wallets" in line)
