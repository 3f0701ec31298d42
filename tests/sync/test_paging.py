"""What an envelope names as the next page."""

from pathlib import Path

import pytest

from halfopen.config.dialect import Pages
from halfopen.sync.paging import Paging, Target
from halfopen.sync.transfer import Transfer

FIRST = Target("https://a.example/api/logins", "from=1&to=2")
GOT = Transfer(status=200, headers={}, body=Path("body"), size=9, digest="00", unmarked_end=False)


@pytest.mark.parametrize("following", [None, "", False, {}, {"href": "/api/logins?page=2"}, []])
def test_what_names_no_page_ends_the_window(following: object) -> None:
    paging = Paging(Pages(by="next", next="links.next"), FIRST)
    assert paging.turn(GOT, {"links": {"next": following}}, 3, frozenset()) is None


def test_an_address_is_followed() -> None:
    paging = Paging(Pages(by="next", next="links.next"), FIRST)
    following = paging.turn(GOT, {"links": {"next": "?page=2"}}, 3, frozenset())
    assert following == Target(FIRST.url, "page=2")
