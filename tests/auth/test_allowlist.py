import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.auth.allowlist import UNKNOWN, AllowList
from halfopen.errors import ConfigError


def seen(peer, forwarded=None, proxies=("10.0.0.0/8", "fd00::/8")):
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return AllowList(proxies=proxies).address((peer, 4711), headers)


@pytest.mark.parametrize(
    ("allow", "address", "is_in"),
    [
        ([], "203.0.113.9", True),
        ([], UNKNOWN, True),
        (["203.0.113.0/24"], "203.0.113.255", True),
        (["203.0.113.0/24"], "203.0.114.0", False),
        (["203.0.113.9"], "203.0.113.9", True),
        (["203.0.113.9"], "203.0.113.10", False),
        (["203.0.113.7/24"], "203.0.113.9", True),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["::ffff:203.0.113.0/120"], "203.0.113.9", True),
        (["::ffff:203.0.113.0/120"], "203.0.114.9", False),
        (["::ffff:203.0.113.9"], "203.0.113.9", True),
        (["::/0"], "203.0.113.9", False),
        (["0.0.0.0/0"], "2001:db8::1", False),
        (["2001:db8::/32"], "2001:db8:ffff::1", True),
        (["2001:db8::/32"], "2001:db9::1", False),
        (["10.0.0.0/8", "2001:db8::/32"], "2001:db8::1", True),
        (["0.0.0.0/0", "::/0"], UNKNOWN, False),
        (["0.0.0.0/0", "::/0"], "", False),
        (["0.0.0.0/0", "::/0"], "203.0.113.009", False),
    ],
)
def test_who_may_ask(allow, address, is_in):
    assert AllowList(allow).allows(address) is is_in


@pytest.mark.parametrize("text", ["", "host", "203.0.113.0/33", "203.0.113", "2001:db8::/129", "203.0.113.1-9"])
def test_what_is_no_network_is_named(text):
    with pytest.raises(ConfigError, match=r"serve\.allow: found"):
        AllowList([text])
    with pytest.raises(ConfigError, match=r"serve\.trusted_proxies: found"):
        AllowList(proxies=[text])


def test_without_proxies_the_header_is_nobodys_word():
    assert seen("198.51.100.1", "203.0.113.9", proxies=()) == "198.51.100.1"
    assert seen("10.0.0.1", "203.0.113.9", proxies=()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 203.0.113.9 ,10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("fd00::1", "2001:DB8::0009", "2001:db8::9"),
        ("10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::9]:4711", "2001:db8::9"),
        ("10.0.0.1", "[2001:db8::9]", "2001:db8::9"),
        ("fe80::1%eth0", None, "fe80::1"),
    ],
)
def test_the_address_is_the_last_one_that_no_trusted_proxy_has(peer, forwarded, address):
    assert seen(peer, forwarded) == address


@pytest.mark.parametrize(
    "hop",
    [
        "unknown",
        "_hidden",
        "host",
        "203.0.113",
        "203.0.113.009",
        "1.2.3.4%eth0",
        "fe80::1%<b>",
        "[::1",
        '"1.2.3.4"',
        " ",
    ],
)
def test_what_is_no_address_ends_the_walk_and_is_never_trusted(hop):
    assert seen("10.0.0.1", f"203.0.113.9, {hop}") == UNKNOWN
    assert seen("10.0.0.1", f"203.0.113.9, {hop}, 10.0.0.2") == UNKNOWN
    # Further left than the caller it is not even looked at.
    assert seen("10.0.0.1", f"{hop}, 203.0.113.9") == "203.0.113.9"


def test_a_connection_without_an_address_is_unknown():
    assert AllowList().address(None, {"x-forwarded-for": "203.0.113.9"}) == UNKNOWN
    assert AllowList().address(("/run/socket", 0), {}) == UNKNOWN


@given(st.text(max_size=40), st.ip_addresses())
def test_nobody_makes_up_his_address(claimed, real):
    # The proxy adds the real address at the end, whatever came in.
    real = str(real)
    address = seen("10.0.0.1", f"{claimed}, {real}", proxies=("10.0.0.1/32",))
    found = ipaddress.ip_address(real)
    mapped = found.ipv4_mapped if found.version == 6 else None
    if str(mapped or found) != "10.0.0.1":
        assert address == str(mapped or found)
