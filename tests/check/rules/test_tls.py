"""Rules about encryption and compression, on exchanges that never took place: no zoo keeps a public address."""

from datetime import UTC, datetime, timedelta

import pytest

from halfopen.check.case import build
from halfopen.check.exchange import Exchange
from halfopen.check.finding import Status
from halfopen.check.observe import Observer
from halfopen.check.rule import rules
from halfopen.config.product import read_product
from halfopen.window.window import Window

AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def outcome(code, url, *, tls=None, headers=None, size=100):
    product = read_product("p", {"url": url}, "p")
    exchange = Exchange(
        number=1, feed="players", probe="hour", window=Window(AT - timedelta(hours=1), AT), url=f"{url}/api/players",
        sent={}, status=200, headers={"content-type": "text/csv", **(headers or {})},
        body=b"id,registered_at,modified_at\r\np1,2026-01-01 00:00:00,2026-11-01 11:30:00\r\n",
        size=size, started=AT, ended=AT, tls=tls or {},
    )  # fmt: skip
    case = build(product, [Observer({}).observe(exchange)], started=AT, finished=AT, asked=["players"])
    rule = rules()[code]
    return rule.of_product(case).status if rule.of_product else rule.of_feed(case.feeds["players"]).status


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://space-vegas.com", Status.FAIL),
        ("https://space-vegas.com", Status.PASS),
        ("http://127.0.0.1:8400", Status.NOT_APPLICABLE),
        ("http://10.1.2.3", Status.NOT_APPLICABLE),
        ("http://172.20.1.2:8080", Status.NOT_APPLICABLE),
        ("http://172.32.1.2", Status.FAIL),
        ("http://[::1]:8400", Status.NOT_APPLICABLE),
        ("http://casino:8080", Status.NOT_APPLICABLE),
        ("http://10.space-vegas.com", Status.FAIL),
    ],
)
def test_a_public_address_without_tls_is_told(url, status):
    assert outcome("tls_missing", url) is status


@pytest.mark.parametrize(
    ("version", "status"), [("TLSv1", Status.FAIL), ("TLSv1.1", Status.FAIL), ("TLSv1.3", Status.PASS)]
)
def test_an_old_tls_is_told(version, status):
    assert outcome("tls_old", "https://space-vegas.com", tls={"version": version}) is status


@pytest.mark.parametrize(
    ("ends", "status"), [("Nov  9 12:00:00 2026 GMT", Status.FAIL), ("Dec 31 12:00:00 2026 GMT", Status.PASS)]
)
def test_a_certificate_that_ends_soon_is_told(ends, status):
    assert outcome("tls_invalid", "https://space-vegas.com", tls={"not_after": ends}) is status


@pytest.mark.parametrize(("encoding", "status"), [({}, Status.FAIL), ({"content-encoding": "gzip"}, Status.PASS)])
def test_megabytes_without_compression_are_told(encoding, status):
    assert outcome("compression_missing", "https://space-vegas.com", headers=encoding, size=3 << 20) is status
