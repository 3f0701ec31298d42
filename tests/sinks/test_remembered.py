"""A PostgreSQL mirror is asked once for what only its writer changes, and each time by whoever only reads."""

from typing import Any

import pytest

from halfopen.sinks import ledger
from halfopen.sinks.postgresql.remembered import Remembered
from halfopen.window.coverage import Coverage

NAME = ("casino", "logins")
SESSION: Any = object()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read, by name."""
    found: list[str] = []

    def reads(name: str, value: Any) -> None:
        monkeypatch.setattr(ledger, name, lambda *_: (found.append(name), value())[1])

    reads("rows_stored", lambda: {NAME: 5})
    reads("owing", set)
    reads("coverage", lambda: {0: Coverage()})
    return found


def test_the_writer_reads_once_and_counts_on(asked: list[str]) -> None:
    known = Remembered(is_ours=True)
    known.inserted(NAME, 7)  # nothing to count on yet: the mirror will tell
    assert known.rows(SESSION) == {NAME: 5}
    known.inserted(NAME, 2)
    assert known.rows(SESSION) == {NAME: 7}
    assert known.passes(SESSION, *NAME) is known.passes(SESSION, *NAME)
    assert known.owing(SESSION) == set()
    known.failed(NAME)
    known.stored([], [], set(), set())
    assert known.owing(SESSION) == {NAME}
    known.stored([], [], set(), {NAME})
    assert known.owing(SESSION) == set()
    assert asked == ["rows_stored", "coverage", "owing"]


def test_after_a_transaction_that_failed_nothing_is_relied_on(asked: list[str]) -> None:
    known = Remembered(is_ours=True)
    for _ in range(2):
        assert known.rows(SESSION) == {NAME: 5}
        known.inserted(NAME, 2)
        known.forget()
    assert asked == ["rows_stored"] * 2


def test_whoever_only_reads_asks_each_time(asked: list[str]) -> None:
    known = Remembered(is_ours=False)
    for _ in range(2):
        known.rows(SESSION)
        known.passes(SESSION, *NAME)
    assert asked == ["rows_stored", "coverage"] * 2
