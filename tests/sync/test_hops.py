"""Where a redirect may lead to."""

import pytest

from halfopen.sync.addresses import encoded
from halfopen.sync.hops import next_hop
from halfopen.sync.refusal import Refusal

HERE = "https://a.example/api/logins?brand=7&from=2026-03-01%2012:00:00&to=2026-03-01%2013:00:00&key=s"
ASKED = "brand=7&from=2026-03-01%2012:00:00&to=2026-03-01%2013:00:00"
SAME = "from=2026-03-01+12%3A00%3A00&to=2026-03-01%2013:00:00&brand=7"


@pytest.mark.parametrize("location", [f"/api/logins/?{SAME}", f"?{SAME}&new=1", f"https://a.example/v2?{SAME}#top"])
def test_a_redirect_that_asks_for_the_same_is_followed(location: str) -> None:
    assert SAME in next_hop(HERE, location, ASKED)
    assert "#" not in next_hop(HERE, location, ASKED)


@pytest.mark.parametrize(
    ("location", "lost"),
    [
        ("/new", "'brand' and 'from' and 'to'"),
        ("/new?", "'brand' and 'from' and 'to'"),
        (f"/new?{SAME}".replace("&brand=7", ""), "'brand'"),
        (f"/new?{SAME}".replace("12%3A00", "11%3A00"), "'from'"),
    ],
)
def test_a_redirect_that_asks_for_something_else_is_not(location: str, lost: str) -> None:
    with pytest.raises(Refusal, match=f"redirects without {lost} as asked"):
        next_hop(HERE, location, ASKED)


def test_only_what_may_not_stand_in_an_address_is_written_otherwise() -> None:
    fine = "https://a.example:8/p;v=1/%C3%a9/~x?page[after]=a+b&to=1!2$'()*,@#f-._"
    assert encoded(fine) == fine
    assert encoded(' /a b?q="\u00e9"|100%&r=%zz ') == "/a%20b?q=%22%C3%A9%22%7C100%25&r=%25zz"
    assert encoded("/\udce9") == "/%E9"
