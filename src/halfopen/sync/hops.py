"""Where a redirect leads to, if it may be followed.

A server that moves a path without its query (`return 301 /new;` in nginx) would have the new address answer for
whatever window it likes, and that would be stored as the one that was asked for.
"""

from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from halfopen.sync.addresses import encoded
from halfopen.sync.refusal import Refusal

_OK: Final = 200


def next_hop(url: str, location: str, asked: str) -> str:
    """The address to ask after `url`; asked: the raw query without credentials, which must be there again.

    Raises:
        Refusal: it is no address, leads to another host, or does not ask for the same.
    """
    try:
        there, here = urlsplit(urljoin(url, encoded(location))), urlsplit(url)
        is_here = (there.scheme, there.hostname, there.port) == (here.scheme, here.hostname, here.port)
    except ValueError as error:
        raise Refusal(f"redirects to what is no address ({error}); check the product's url", status=_OK) from None
    if not is_here:
        raise Refusal(
            f"redirects to {there.scheme}://{there.netloc.rpartition('@')[2]}, where credentials do not travel;"
            " name that address as the product's url",
            status=_OK,
        )
    _demand_same(asked, there.query, location)
    return there._replace(fragment="").geturl()


def _demand_same(asked: str, query: str, location: str) -> None:
    """Whether a parameter is put on again is not ours to guess: what it meant there may mean nothing here."""
    kept = parse_qsl(query)
    lost = dict.fromkeys(name for name, value in parse_qsl(asked) if (name, value) not in kept)
    if lost:
        raise Refusal(
            f"redirects without {' and '.join(map(repr, lost))} as asked, so the answer would be to another question;"
            " name the new address as the product's url or in its paths, or have the redirect keep the query;"
            f" found {location!r}",
            status=_OK,
        )
