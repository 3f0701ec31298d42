"""What an envelope names as the next page."""

from dataclasses import replace
from pathlib import Path

import pytest

from halfopen.config.dialect import Pages
from halfopen.sync.paging import Paging, Target
from halfopen.sync.refusal import Refusal
from halfopen.sync.transfer import Transfer

FIRST = Target("https://a.example/api/logins", "from=1&to=2")
GOT = Transfer(status=200, headers={}, body=Path("body"), size=9, digest="00", unmarked_end=False)


@pytest.mark.parametrize("following", [None, "", False, {}, []])
def test_what_names_no_page_ends_the_window(following: object) -> None:
    paging = Paging(Pages(by="next", next="links.next"), FIRST)
    assert paging.turn(GOT, {"links": {"next": following}}, 3, frozenset()) is None


def test_an_address_is_followed() -> None:
    paging = Paging(Pages(by="next", next="links.next"), FIRST)
    following = paging.turn(GOT, {"links": {"next": "?page=2"}}, 3, frozenset())
    assert following == Target(FIRST.url, "page=2")


def test_an_address_with_a_blank_is_made_fit_to_be_sent() -> None:
    paging = Paging(Pages(by="next", next="next"), FIRST)
    following = paging.turn(GOT, {"next": "?from=2026-03-01 12:00:00&page=2"}, 3, frozenset())
    assert following == Target(FIRST.url, "from=2026-03-01%2012:00:00&page=2")


@pytest.mark.parametrize(
    ("declared", "document", "advice"),
    [
        ("link.next", {"links": {"next": "/p?page=2"}}, 'next = "links.next" }'),
        ("links.next", {"links": {"next": {"href": "/p?page=2"}}}, 'next = "links.next.href" }'),
        ("links.next", {"links": {"next": None}, "meta": {"next_cursor": "a"}}, 'parameter = "cursor" }'),
        ("links.next", {"has_more": True}, "found 'has_more': True"),
        ("links.next", {"total_pages": 2}, "found 'total_pages': 2"),
        ("links.next", {"total": 4, "limit": 3}, "found 'total': 4"),
    ],
)
def test_a_page_that_says_that_there_is_more_is_not_the_last(
    declared: str, document: dict[str, object], advice: str
) -> None:
    paging = Paging(Pages(by="next", next=declared), FIRST)
    with pytest.raises(Refusal, match=f"page 1 is the last by '{declared}', and says itself") as caught:
        paging.turn(GOT, document, 3, frozenset())
    assert advice in str(caught.value)


@pytest.mark.parametrize("document", [{"links": {"next": None}, "total_pages": 9}, {"has_more": False}, {"total": 3}])
def test_a_page_that_says_no_more_than_its_dialect_is_the_last(document: dict[str, object]) -> None:
    assert Paging(Pages(by="next", next="links.next"), FIRST).turn(GOT, document, 3, frozenset()) is None


def test_the_last_of_several_pages_may_leave_its_name_for_the_next_out() -> None:
    paging = Paging(Pages(by="next", next="next"), FIRST)
    assert paging.turn(GOT, {"next": "?page=2", "total_pages": 3}, 3, frozenset()) is not None
    assert paging.turn(GOT, {"total_pages": 3}, 0, frozenset()) is None


def test_a_link_that_was_declared_to_be_in_the_envelope_is_told() -> None:
    paging = Paging(Pages(by="next", next="next"), FIRST)
    got = replace(GOT, headers={"Link": '</p?page=2>; rel="next"'})
    with pytest.raises(Refusal, match=r'set pages = { by = "link" }'):
        paging.turn(got, {}, 3, frozenset())


def test_a_page_without_rows_that_says_that_there_are_more_is_not_the_last() -> None:
    paging = Paging(Pages(by="page", parameter="page"), FIRST)
    with pytest.raises(Refusal, match=r"found 'meta\.has_more': True"):
        paging.turn(GOT, {"meta": {"has_more": True}}, 0, frozenset())
    assert paging.turn(GOT, {"links": {"next": "/always"}}, 0, frozenset()) is None
