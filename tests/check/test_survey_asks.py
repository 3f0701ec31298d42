"""What a survey asks of a feed, and asks otherwise where that was refused or told nothing."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

from halfopen.check.case import FeedCase
from halfopen.check.closing import Closing
from halfopen.check.exchange import Exchange
from halfopen.check.finding import Status
from halfopen.check.growing import Growing
from halfopen.check.observe import Observer
from halfopen.check.plan import odd, windows
from halfopen.check.rule import rules
from halfopen.check.survey import Survey
from halfopen.config.product import read_product
from halfopen.window.window import Window
from halfopen.wire import moment
from halfopen.wire.moment import plain
from support.seen import NOW, csv, window

HOUR = window("11:00:00", "12:00:00")
COLUMNS = ("id", "player_id", "created_at")
Answer = Callable[[Window, str], tuple[int, int]]
"""A window and its query -> the status, and how many hours back from its end there are rows, one each ten minutes."""


class Client:
    """Answers as it is told, a second after the last time."""

    def __init__(self, answer: Answer, most_rows: int) -> None:
        self.answer = answer
        self.spaces = {"logins": "%20"}
        self.most_rows = most_rows
        self.bytes_left = 64 << 20
        self.holds_the_end = False
        self.newest = 10_000
        """So many rows it answers at most, the newest."""
        self.sign_in = SimpleNamespace(lifetime=None)
        self.survey: Survey | None = None

    async def ask(
        self,
        feed: str,
        probe: str,
        asked: Window,
        *,
        query: str = "",
        most_bytes: int | None = None,
        burst: bool = False,
    ) -> Exchange:
        del most_bytes, burst
        raw = query or moment.query_of(asked)
        status, hours = self.answer(asked, raw)
        first = NOW - timedelta(hours=hours)
        stamps = [first + n * timedelta(minutes=10) for n in range(6 * hours)]
        rows = [
            (f"l{at}", "p", plain(at))
            for at in stamps
            if asked.contains(at) or (self.holds_the_end and at == asked.end)
        ]
        rows = rows[-self.newest :]
        cut, rows = len(rows) > self.most_rows, rows[: self.most_rows]
        assert self.survey is not None
        begun = NOW + timedelta(seconds=len(self.survey.observations))
        exchange = Exchange(
            number=len(self.survey.observations) + 1, feed=feed, probe=probe, window=asked, sent={}, status=status,
            url=f"http://127.0.0.1?{raw}", headers={}, body=csv(COLUMNS, rows), started=begun, ended=begun,
            cut=cut,
        )  # fmt: skip
        self.survey.record(exchange)
        return exchange


def surveyed(answer: Answer, most_rows: int = 10_000) -> Survey:
    client = Client(answer, most_rows)
    product = read_product("test", {"url": "http://127.0.0.1", "auth": {"scheme": "none"}}, "test")
    survey = Survey(product, client, Observer({}), names=["logins"], clock=lambda: NOW)
    client.survey = survey
    return survey


def feed_of(survey: Survey) -> FeedCase:
    return survey.case().feeds["logins"]


def probes(survey: Survey) -> list[str]:
    return [o.probe for o in survey.observations]


async def test_a_window_that_is_asked_again_is_asked_with_the_other_blank() -> None:
    survey = surveyed(lambda _, __: (200, 24))
    await survey.ask("logins", "hour", HOUR)
    await survey.again("logins", HOUR)
    assert probes(survey) == ["hour", "repeat"]
    assert "+" in survey.observations[-1].exchange.url
    assert rules()["space_plus_rejected"].of_feed(feed_of(survey)).status is Status.PASS


async def test_what_is_known_of_the_other_blank_is_not_asked_again() -> None:
    survey = surveyed(lambda _, __: (200, 24))
    await survey.ask("logins", "plus", HOUR, query=odd.spaced(HOUR, "+"))
    await survey.again("logins", HOUR)
    assert probes(survey) == ["plus", "repeat"]
    assert "+" not in survey.observations[-1].exchange.url


async def test_where_the_other_blank_is_misread_the_window_is_asked_as_ever_too() -> None:
    for refusal in ((400, 24), (200, 0)):
        survey = surveyed(lambda _, query, refusal=refusal: refusal if "+" in query else (200, 24))
        await survey.ask("logins", "hour", HOUR)
        await survey.again("logins", HOUR)
        assert probes(survey) == ["hour", "plus", "repeat"]
        assert rules()["space_plus_rejected"].of_feed(feed_of(survey)).status is Status.FAIL
        assert rules()["window_not_deterministic"].of_feed(feed_of(survey)).status is not Status.FAIL


async def test_the_far_future_is_asked_for_and_where_it_is_refused_a_few_hours_of_it() -> None:
    for refused in (False, True):
        survey = surveyed(lambda asked, _, refused=refused: (400 if refused and asked.end.year > 2090 else 200, 24))
        await survey.ask("logins", "day", Window(NOW - windows.DAY, NOW))
        await survey.ask_future(feed_of(survey))
        assert probes(survey) == (["day", "far_future", "future"] if refused else ["day", "future"])
        assert rules()["future_window_error"].of_feed(feed_of(survey)).status is Status.PASS


async def grown(answer: Answer) -> list[str]:
    survey = surveyed(answer)
    await survey.ask("logins", "burst", windows.last_minute(NOW))
    await Growing(survey).grow("logins")
    return probes(survey)


async def test_a_day_without_old_rows_is_asked_again_where_its_first_half_has_some() -> None:
    assert await grown(lambda _, __: (200, 24)) == ["burst", "hour", "day"]
    assert await grown(lambda _, __: (200, 2)) == ["burst", "hour", "day", "older"]
    clamped = await grown(lambda asked, _: (200, 1 if asked.length == windows.DAY else 24))
    assert clamped == ["burst", "hour", "day", "older", "day"]


async def test_what_is_older_than_a_round_number_of_rows_is_asked_for_and_shows_that_they_are_cut_off() -> None:
    for newest, asked in ((100, ["burst", "hour", "day", "older", "day"]), (101, ["burst", "hour", "day"])):
        survey = surveyed(lambda _, __: (200, 24))
        survey.client.newest = newest
        await survey.ask("logins", "burst", windows.last_minute(NOW))
        await Growing(survey).grow("logins")
        assert probes(survey) == asked
        told = rules()["rows_capped"].of_feed(feed_of(survey)).status is Status.FAIL
        assert told == (newest == 100)


async def test_rows_that_others_point_at_may_be_cut_off_too() -> None:
    for newest, again in ((50, ["all", "older", "all"]), (51, ["all"])):
        survey = surveyed(lambda _, __: (200, 24))
        survey.client.newest = newest
        await Closing(survey)._all("logins", 1 << 20)
        assert probes(survey) == again


async def test_of_a_day_that_is_too_long_to_be_read_some_old_rows_are() -> None:
    survey = surveyed(lambda _, __: (200, 48), most_rows=100)
    await survey.ask("logins", "burst", window("11:59:00", "12:00:00"))
    await Growing(survey).grow("logins")
    assert probes(survey)[-2:] == ["day", "older"]
    older = survey.observations[-1]
    assert older.is_whole
    assert older.window == Window(NOW - timedelta(hours=13, minutes=1), NOW - timedelta(hours=12, minutes=1))


async def test_where_a_window_holds_its_end_the_second_after_it_is_asked_at_last() -> None:
    for holds, seconds in ((True, [window("11:00:00", "11:00:01")]), (False, [])):
        survey = surveyed(lambda _, __: (200, 24))
        survey.client.holds_the_end = holds
        await survey.ask("logins", "hour", window("10:00:00", "11:00:00"))
        await Closing(survey).finish()
        assert [o.window for o in survey.observations if o.probe == "confirm"] == seconds


async def test_the_freshest_rows_are_asked_for_again_at_last_where_they_were_before() -> None:
    for before, at_last in ((True, 2), (False, 0)):
        survey = surveyed(lambda _, __: (200, 1))
        await survey.ask("logins", "hour", Window(NOW - windows.HOUR, NOW))
        if before:
            await survey.ask("logins", "freshest", Window(NOW - timedelta(minutes=10), NOW))
        await Closing(survey).finish()
        assert probes(survey).count("freshest") == at_last
