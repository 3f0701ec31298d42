"""What products say of further pages, and what says nothing of the kind."""

from typing import Any

import pytest

from halfopen.sync.more import demand_whole
from halfopen.sync.refusal import Refusal

QUERY = "from=2026-03-01%2012:00:00&to=2026-03-01%2013:00:00"
SECTION = "[products.casino.dialect]"
PAGE = "/api/logins?page=2"


def judged(document: dict[str, Any], *, link: str | None = None, rows: int = 20) -> None:
    demand_whole(link, {"data": [], **document}, QUERY, lambda: rows, SECTION)


@pytest.mark.parametrize(
    ("document", "declared"),
    [
        ({"next": PAGE}, '{ by = "next", next = "next" }'),
        ({"links": {"next": PAGE}}, '{ by = "next", next = "links.next" }'),
        ({"_links": {"next": {"href": PAGE}}}, '{ by = "next", next = "_links.next.href" }'),
        ({"meta": {"pagination": {"links": {"next": PAGE}}}}, '{ by = "next", next = "meta.pagination.links.next" }'),
        ({"players": {"rows": [], "next_page_url": PAGE}}, '{ by = "next", next = "players.next_page_url" }'),
        ({"nextLink": "x"}, '{ by = "next", next = "nextLink" }'),
        ({"meta": {"next_cursor": "a1"}}, '{ by = "next", next = "meta.next_cursor", parameter = "cursor" }'),
        ({"nextPageToken": "a1"}, '{ by = "next", next = "nextPageToken", parameter = "pageToken" }'),
        ({"next_page": 2}, '{ by = "next", next = "next_page", parameter = "page" }'),
        ({"paging": {"next": 2}}, '{ by = "next", next = "paging.next", parameter = "page" }'),
        ({"paging": {"next": "a1"}}, '{ by = "next", next = "paging.next", parameter = "cursor" }'),
        ({"links": {"next": PAGE}, "meta": {"has_more": True}}, '{ by = "next", next = "links.next" }'),
        ({"has_more": True}, '{ by = "page", parameter = "page" }'),
        ({"pageInfo": {"hasNextPage": True}}, '{ by = "page", parameter = "page" }'),
        ({"hasMore": "true", "next": None}, '{ by = "page", parameter = "page" }'),
        ({"last": False}, '{ by = "page", parameter = "page" }'),
        ({"meta": {"current_page": 1, "last_page": 3}}, '{ by = "page", parameter = "page" }'),
        ({"totalPages": "2"}, '{ by = "page", parameter = "page" }'),
        ({"total": 21, "per_page": 20}, '{ by = "page", parameter = "page" }'),
    ],
)
def test_more_is_refused_with_what_to_declare(document: dict[str, Any], declared: str) -> None:
    with pytest.raises(Refusal, match="the answer says that there is more behind it") as caught:
        judged(document)
    assert f"set pages = {declared}, or however it turns its pages, in {SECTION}; found '" in str(caught.value)
    assert not caught.value.narrower


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"next": None, "has_more": False, "total_pages": 1},
        {"links": {"next": "", "prev": PAGE, "self": PAGE, "last": PAGE, "first": PAGE}},
        {"links": {"next": None, "last": False}, "meta": {"total_pages": 7}},
        {"links": [{"rel": "self", "href": PAGE}], "_links": {"self": {"href": PAGE}, "next": {}}},
        {"meta": {"next_cursor": "a1", "has_more": False}},
        {"next_cursor": 0, "next_page": "0", "next": [], "last": True, "pages": [1, 2]},
        {"total": 5000},
        {"total": 5000, "limit": 1000},
        {"total": 20, "limit": 20, "page": 1, "pages": 1},
        {"filter": {"next": PAGE, "has_more": True}},
        {"next": "/api/logins?from=2026-03-01%2013:00:00&to=2026-03-01%2014:00:00"},
    ],
)
def test_what_says_nothing_of_more_is_whole(document: dict[str, Any]) -> None:
    judged(document)


def test_a_link_is_more_also_without_rows() -> None:
    with pytest.raises(Refusal, match=r'set pages = { by = "link" }.*found Link: \'/api/logins\?page=2\''):
        judged({}, link=PAGE, rows=0)
    judged({}, link="/api/logins?from=2026-03-01+13:00:00&to=2026-03-01+14:00:00")
    with pytest.raises(Refusal, match="found Link: "):
        judged({}, link="/api/logins?from=2026-03-01+12:30:00&to=2026-03-01+13:00:00")


@pytest.mark.parametrize("document", [{"links": [{"rel": "next", "href": PAGE}]}, {"@odata.nextLink": PAGE}])
def test_what_cannot_be_declared_is_refused_as_well(document: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="ask the product for a Link header"):
        judged(document)
