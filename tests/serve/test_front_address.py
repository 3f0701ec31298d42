"""The address that a page tells, and whose word on it counts."""

import pytest

from halfopen.serve.front.address import base_url

SCOPE = {"scheme": "http", "server": ("10.0.0.5", 8400)}
TOLD = {
    "host": "inner:8400",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "feeds.example.com",
    "x-forwarded-prefix": "/crm/",
}


def test_a_trusted_proxy_tells_how_it_was_reached():
    assert base_url(SCOPE, TOLD, forwarded=True) == "https://feeds.example.com/crm"


def test_anybody_elses_word_is_ignored():
    assert base_url(SCOPE, TOLD, forwarded=False) == "http://inner:8400"


def test_the_nearest_of_several_proxies_counts():
    chain = {name: f"gopher, {value}" for name, value in TOLD.items() if name != "host"}
    assert base_url(SCOPE, {**chain, "host": "h"}, forwarded=True) == "https://feeds.example.com/crm"


@pytest.mark.parametrize("host", ["", 'x"onload=', "a b", "-", "x/y", "x:port", "user@host", "$(reboot)", "[::1"])
def test_what_is_no_host_is_replaced_by_the_sockets_own(host):
    assert base_url(SCOPE, {"host": host}, forwarded=False) == "http://10.0.0.5:8400"


@pytest.mark.parametrize(
    ("name", "value"), [("proto", "javascript"), ("host", "a;b"), ("prefix", "/<b>"), ("prefix", "//evil")]
)
def test_what_a_proxy_garbles_is_left_out(name, value):
    found = base_url(SCOPE, {"host": "h", f"x-forwarded-{name}": value}, forwarded=True)
    assert found == ("http://10.0.0.5:8400" if name == "host" else "http://h")


@pytest.mark.parametrize("host", ["h", "feeds.example.com:8443", "[::1]:8400", "127.0.0.1"])
def test_hosts_stay_as_they_are(host):
    assert base_url(SCOPE, {"host": host}, forwarded=False) == f"http://{host}"


def test_a_socket_of_ipv6_stands_in_brackets():
    assert base_url({"scheme": "https", "server": ("::1", 8400)}, {}, forwarded=False) == "https://[::1]:8400"
