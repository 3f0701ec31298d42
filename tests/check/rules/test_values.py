"""Custom fields and cursors as columns: what is odd, and what only looks so."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from halfopen.check.case import FeedCase
from halfopen.check.finding import Status
from halfopen.check.rule import rules
from halfopen.window.window import Window
from halfopen.wire.moment import plain
from support.seen import NOW, Asked, csv, window

HOUR = window("11:00:00", "12:00:00")
EVER = Window(datetime(2000, 1, 1, tzinfo=UTC), NOW)
CONTACTS = ("player_id", "modified_at", "created_at")


def status(code: str, feed: FeedCase) -> Status:
    judge = rules()[code].of_feed
    assert judge is not None
    return judge(feed).status


def in_csv(values: Iterable[str]) -> FeedCase:
    rows = [(f"p{n}", "2026-01-01 11:30:00", value) for n, value in enumerate(values)]
    return Asked("players").ask(HOUR, csv(("id", "modified_at", "code"), rows)).seen()


@pytest.mark.parametrize(
    ("ended", "values"),
    [
        (Status.PASS, ["1", "true", "0", "17", "5"] * 20),
        (Status.PASS, ["1", "2", "3", "gold"] * 20),
        (Status.FAIL, [str(n) for n in range(98)] + ["gold", "gold"]),
    ],
    ids=["texts", "many words", "two words"],
)
def test_numbers_among_texts_in_csv_are_texts(ended: Status, values: list[str]) -> None:
    assert status("custom_field_type_changes", in_csv(values)) is ended


@pytest.mark.parametrize(
    ("ended", "value"),
    [(Status.PASS, 3), (Status.PASS, "gold"), (Status.PASS, ["a", "b"]), (Status.FAIL, True), (Status.FAIL, {"a": 1})],
)
def test_a_custom_field_is_one_of_five_types(ended: Status, value: object) -> None:
    rows = [{"id": "p", "modified_at": "2026-01-01 11:30:00", "is_blocked": True, "more": value}]
    asked = Asked("players").ask(HOUR, json.dumps(rows).encode(), content_type="application/json")
    assert status("custom_field_type", asked.seen()) is ended


def test_a_known_field_of_another_name_is_no_custom_field() -> None:
    rows = [{"id": "p", "modified_at": "2026-01-01 11:30:00", "locked": True, "more": 3}]
    asked = Asked("players").ask(HOUR, json.dumps(rows).encode(), content_type="application/json")
    feed = asked.case(columns={"players": {"is_blocked": "locked"}}).feeds["players"]
    assert status("custom_field_type", feed) is Status.PASS


def contacts(*asked: tuple[Window, Callable[[int, datetime], datetime]]) -> FeedCase:
    """30 contacts; each answer stamps them by their number and its own time."""
    found = Asked("contacts")
    for n, (one, stamp) in enumerate(asked):
        begun = NOW + n * timedelta(hours=1)
        rows = [(f"p{k}", plain(stamp(k, begun)), "2025-01-01 00:00:00") for k in range(30)]
        found.ask(one, csv(CONTACTS, rows), started=begun)
    return found.seen()


def night(_: int, __: datetime) -> datetime:
    return NOW - timedelta(hours=9)


def nights(number: int, _: datetime) -> datetime:
    return NOW - timedelta(hours=9, days=number % 2)


def export(_: int, begun: datetime) -> datetime:
    return begun.replace(microsecond=0)


@pytest.mark.parametrize(
    ("ended", "asked"),
    [
        (Status.NOT_VERIFIED, [(HOUR, night)]),
        (Status.PASS, [(HOUR, night), (EVER, nights)]),
        (Status.FAIL, [(HOUR, night), (EVER, night)]),
        (Status.FAIL, [(HOUR, export), (HOUR, export)]),
    ],
    ids=["a night", "two nights", "all there is", "time of export"],
)
def test_a_stamp_that_a_batch_has_given_is_none_of_all_rows(
    ended: Status, asked: list[tuple[Window, Callable[[int, datetime], datetime]]]
) -> None:
    assert status("cursor_never_changes", contacts(*asked)) is ended
