"""One page of several, in the words of many frameworks."""

import json

import pytest

from halfopen.check.pages import is_paginated
from support.seen import Asked, window

ROW = {"id": "l", "player_id": "p", "created_at": "2026-01-01 11:59:30"}
HOUR = window("11:00:00", "12:00:00")


def says(around: dict[str, object], **headers: str) -> bool:
    body = json.dumps({**around, "value": [ROW]} if around else [ROW]).encode()
    asked = Asked("logins").ask(HOUR, body, content_type="application/json", **headers)
    return is_paginated(asked.seen().valid[0])


@pytest.mark.parametrize(
    "around",
    [
        {"@odata.context": "x", "@odata.nextLink": "http://x/?$skiptoken=40"},
        {"meta": {"current_page": 1, "last_page": 7, "per_page": 15, "total": 99}},
        {"totalPages": 2, "totalElements": 101, "last": False, "number": 0},
        {"count": 21, "next": "http://x/?page=2", "previous": None},
        {"nextPageToken": "abc"},
        {"page_info": {"has_next_page": True}},
        {"total": 4711, "limit": 1},
    ],
)
def test_an_envelope_that_names_a_further_page(around: dict[str, object]) -> None:
    assert says(around)


@pytest.mark.parametrize(
    "around",
    [
        {"@odata.context": "x"},
        {"meta": {"current_page": 1, "last_page": 1, "total": 1}, "links": {"first": "?page=1", "next": None}},
        {"count": 1, "next": None, "previous": None},
        {"total": 4711, "status": "ok", "next_update_at": "2026-01-01 12:01:00"},
        {"has_more": False, "next_cursor": ""},
    ],
)
def test_an_envelope_of_all_there_is(around: dict[str, object]) -> None:
    assert not says(around)


def test_headers_that_name_a_further_page() -> None:
    assert says({}, link='<http://x/?page=2>; rel="next"')
    assert says({}, link="<http://x/?page=2>; rel=next")
    assert says({}, x_next_page="2", x_total_pages="7")
    assert not says({}, link='<http://x/?page=1>; rel="first"', x_next_page="", x_total_pages="1")
