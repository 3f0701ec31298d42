from datetime import UTC, datetime, timedelta

import pytest

from halfopen.sync.planner import Ask, Reason
from halfopen.sync.rested import Rested
from halfopen.window.arming import Evidence, proof, watcher
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import DEFAULT
from halfopen.window.window import Window

LADDER = tuple(DEFAULT)
NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WHOLE = Coverage.of([Window(NOW.replace(hour=0) - 2 * proof(LADDER), NOW.replace(hour=0))])


class Told:
    """An archive that says the same each time; `asked`: how."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def first(self, *_name: object) -> Evidence:
        self.asked.append("first")
        return Evidence(watched=WHOLE)

    async def again(self, *_name: object) -> Evidence:
        self.asked.append("again")
        return Evidence(watched=WHOLE)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def rested(told: Told) -> Rested:
    found = Rested()
    found.take(("casino", "logins"), LADDER, told, lambda: NOW)
    return found


def ask(rung: int, age: timedelta) -> Ask:
    return Ask(window=Window(NOW - age, NOW - age + timedelta(minutes=5)), rung=rung, reason=Reason.REREAD)


async def test_the_mirror_is_asked_once_and_then_when_there_is_news(told: Told, rested: Rested) -> None:
    read = {watcher(LADDER): WHOLE}
    await rested.look(read)
    await rested.look(read)
    assert told.asked == ["first"]
    assert rested.rungs(NOW), "no late row for days"
    for no_news in (ask(0, DAY), ask(1, timedelta(minutes=6))):
        rested.committed(no_news, 0, NOW)
    await rested.look(read)
    assert told.asked == ["first"]


@pytest.mark.parametrize(
    ("rung", "late", "age"), [(watcher(LADDER), 0, DAY), (1, 1, timedelta(hours=6))], ids=["watcher", "late"]
)
async def test_what_may_send_a_rung_to_rest_or_wake_one_is_news(
    told: Told, rested: Rested, rung: int, late: int, age: timedelta
) -> None:
    read = {watcher(LADDER): WHOLE}
    await rested.look(read)
    rested.committed(ask(rung, age), late, NOW)
    for _ in range(2):
        await rested.look(read)
    assert told.asked == ["first", "again"]


async def test_another_configuration_is_news(told: Told, rested: Rested) -> None:
    await rested.look({})
    assert not rested.rungs(NOW), "another rung has read what the watcher's number says"
    rested.take(("casino", "logins"), LADDER, told, lambda: NOW)
    await rested.look({watcher(LADDER): WHOLE})
    assert told.asked == ["first", "again"]
    assert rested.rungs(NOW)
