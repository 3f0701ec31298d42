"""What is told of a feed from all its answers together."""

from dataclasses import replace

from halfopen.wire.moment import plain
from support.seen import Asked, at, csv, window

WALLETS = ("id", "player_id", "modified_at")
HOUR = window("11:00:00", "12:00:00")
SECOND_OF_W = window("11:30:00", "11:30:01")
EMPTY = window("00:00:00", "00:01:00")


def wallets(*rows: tuple[str, str]) -> bytes:
    return csv(WALLETS, [(key, "p", plain(at(stamp))) for key, stamp in rows])


def test_a_window_whose_row_moved_on_may_have_been_empty() -> None:
    asked = Asked("wallets").ask(HOUR, wallets(("w", "11:30:00"), ("v", "11:31:00")))
    asked.ask(SECOND_OF_W, b"", probe="edge", status=404).ask(EMPTY, b"", probe="empty", status=404)
    asked.ask(HOUR, wallets(("v", "11:31:00")), probe="repeat")
    assert asked.seen().fails_when_empty


def test_a_window_whose_row_is_seen_afterwards_was_not_empty() -> None:
    asked = Asked("wallets").ask(HOUR, wallets(("w", "11:30:00"), ("v", "11:31:00")))
    asked.ask(SECOND_OF_W, b"", probe="edge", status=404).ask(EMPTY, b"", probe="empty", status=404)
    asked.ask(HOUR, wallets(("w", "11:30:00"), ("v", "11:31:00")), probe="repeat")
    assert not asked.seen().fails_when_empty


def test_what_another_empty_window_is_not_answered_with_is_no_way_to_answer_empty_ones() -> None:
    """Every so many answers fail, and this time it is that of an empty window."""
    error = b'{"error": "Lock wait timeout exceeded"}'
    asked = Asked("wallets").ask(HOUR, wallets(("w", "11:30:00"), ("v", "11:31:00")))
    asked.ask(EMPTY, error, probe="empty")
    assert asked.seen().is_odd_when_empty
    asked.ask(window("00:01:00", "00:02:00"), wallets(), probe="future")
    assert not asked.seen().is_odd_when_empty


def test_where_no_answer_was_read_to_its_end_it_is_not_for_want_of_rows_that_one_is_broken() -> None:
    """A notice follows every array; of long answers nobody has come so far."""
    row = b'{"id": "w", "player_id": "p", "modified_at": "2026-01-01 10:30:00"}'
    rows = b"[" + row + b", " + row.replace(b'"w"', b'"v"') + b"]"
    words = {"content_type": "application/json"}
    asked = Asked("wallets").ask(window("00:00:00", "12:00:00"), rows, probe="day", **words)
    asked.ask(HOUR, rows + b"\n<b>Deprecated</b>", **words).ask(EMPTY, b"[]\n<b>Deprecated</b>", probe="empty", **words)
    assert asked.seen().is_odd_when_empty
    asked.exchanges[0] = replace(asked.exchanges[0], cut=True)
    assert not asked.seen().is_odd_when_empty
