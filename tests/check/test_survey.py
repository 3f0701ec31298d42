"""When a feed counts as slow, so that it is asked no more than it must be."""

from datetime import timedelta

import pytest

from halfopen.check.exchange import Exchange
from halfopen.check.observe import Observer
from halfopen.check.survey import Survey
from halfopen.config.product import read_product
from halfopen.window.window import Window
from support.seen import NOW, window

HOUR = window("11:00:00", "12:00:00")


class Client:
    """Answers every question after so many seconds, with no rows."""

    def __init__(self, seconds: list[float]) -> None:
        self.seconds = seconds
        self.survey: Survey | None = None

    async def ask(self, feed: str, probe: str, asked: Window | None) -> Exchange:
        number = len(self.survey.observations) + 1
        exchange = Exchange(
            number=number, feed=feed, probe=probe, window=asked, url="http://127.0.0.1", sent={}, status=200,
            headers={}, body=b"id,player_id,created_at\r\n", started=NOW,
            ended=NOW + timedelta(seconds=self.seconds[number - 1]),
        )  # fmt: skip
        self.survey.record(exchange)
        return exchange


async def is_slow(*waits: tuple[str, float]) -> bool:
    client = Client([seconds for _, seconds in waits])
    product = read_product("test", {"url": "http://127.0.0.1"}, "test")
    survey = Survey(product, client, Observer({}), names=["logins"], clock=lambda: NOW)
    client.survey = survey
    for probe, _ in waits:
        await survey.ask("logins", probe, HOUR)
    return "logins" in survey.slow


@pytest.mark.parametrize(
    ("slow", "waits"),
    [
        (False, [("burst", 0.1), ("hour", 0.2)]),
        (False, [("burst", 7.0), ("hour", 0.2), ("cut", 0.1)]),
        (False, [("burst", 0.1), ("hour", 7.0), ("day", 20.0), ("wide", 20.0)]),
        (True, [("burst", 7.0), ("hour", 7.0)]),
        (True, [("hour", 30.0)]),
    ],
)
async def test_one_long_wait_is_a_hiccup_and_two_are_a_habit(slow: bool, waits: list[tuple[str, float]]) -> None:  # noqa: FBT001 - a case's word
    assert await is_slow(*waits) is slow
