from decimal import Decimal

import pytest

from late.casino import content, session
from late.pollers import Got, Received
from late.truth import judge
from late.world import Book


@pytest.fixture
def book():
    book = Book()
    for at, version in enumerate(("v1", "v2")):
        book.note("players", "p1", version, float(at))
    return book


def received(*rows, feed="players", key="p1"):
    got = Received()
    got.rows[feed][key] = [Got(said, stamp, 0, at) for said, stamp, at in rows]
    return got


def judged(book, got, final="v2", feed="players", key="p1"):
    return judge(got, {feed: {key: final}}, book, 30)


def test_whoever_has_the_final_version_lost_nothing(book):
    figures = judged(book, received(("v1", "10", 1.0), ("v2", "11", 3.0)))
    assert (figures.rows, figures.lost, figures.doubled, figures.decreasing, figures.unknown) == (1, 0, 0, 0, 0)


@pytest.mark.parametrize("got", [(), (("v1", "10", 1.0),), (("v2", "11", 1.0), ("v1", "12", 2.0))])
def test_an_old_version_or_none_is_a_loss(book, got):
    figures = judged(book, received(*got))
    assert (figures.lost, figures.lost_in) == (1, {"players": 1})


def test_a_version_that_comes_again_is_doubled(book):
    assert judged(book, received(("v2", "11", 1.0), ("v2", "12", 2.0))).doubled == 1


def test_a_content_that_was_written_twice_may_come_twice(book):
    book.note("players", "p1", "v2", 5.0)
    assert judged(book, received(("v2", "11", 1.0), ("v1", "11", 2.0), ("v2", "12", 6.0))).doubled == 0


def test_a_stamp_that_falls_and_a_version_that_nobody_committed(book):
    figures = judged(book, received(("v9", "11", 1.0), ("v2", "10", 2.0)))
    assert (figures.decreasing, figures.unknown) == (1, 1)


def test_freshness_counts_from_the_commit_to_the_first_delivery_in_time_of_the_product(book):
    figures = judged(book, received(("v2", "11", 3.0), ("v2", "12", 9.0)))
    assert (figures.p50, figures.p99) == (60, 60)


def test_a_session_may_be_told_once_an_action():
    book = Book()
    book.note_action("s1", "bet", "1.50", 1.0)
    book.note_action("s1", "win", "2.00", 2.0)
    final = session(1, 1, Decimal("1.5"), Decimal(2))
    got = received((final, "10", 3.0), (final, "11", 4.0), feed="game_activity", key="s1")
    assert judged(book, got, final, "game_activity", "s1").doubled == 0
    got.rows["game_activity"]["s1"].append(Got(final, "12", 0, 5.0))
    assert judged(book, got, final, "game_activity", "s1").doubled == 1


def test_contents_are_the_same_from_a_database_and_from_an_answer():
    assert content((1, 2, Decimal("1.50"), Decimal("0.00"))) == content(("1", "2", "1.5", "0")) == "1/2/1.5/0"
    assert content(("v1.50",)) == "v1.50"
