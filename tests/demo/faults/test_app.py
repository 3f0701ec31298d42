"""The zoo over real HTTP: fast, and with the faults that only a connection shows."""

import base64
import socket
import ssl
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from halfopen.demo.faults import asgi, fault, names, serving
from halfopen.demo.faults.app import App
from halfopen.demo.faults.product import PASSWORD, USER
from halfopen.errors import UsageError

KEY = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}


def path(feed: str = "logins") -> str:
    now = datetime.now(UTC)
    hour = (f"{moment:%Y-%m-%d+%H:%M:%S}" for moment in (now - timedelta(hours=1), now))
    return "/api/{}?from={}&to={}".format(feed, *hour)


def raw(url: str, path: str) -> bytes:
    """All bytes of an answer, up to the end of the connection."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in KEY.items())
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: zoo\r\nConnection: close\r\n{head}\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_an_hour_of_rows_takes_milliseconds():
    with serving("plain") as served:
        raw(served.url, path())
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            answer = raw(served.url, path())
            taken.append(time.perf_counter() - began)
        assert answer.count(b"\r\n") > 500
        assert min(taken) < 0.1


def test_a_connection_is_closed_without_an_answer():
    with serving("hangs_up") as served:
        assert raw(served.url, path("bonus-assignments")) == b""
        assert raw(served.url, path()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("name", "feed"), [("cut_and_closed", "transactions"), ("cut_stream", "sports-odds")])
def test_a_body_is_cut(name, feed):
    with serving(name) as served, serving("plain") as whole:
        answer = raw(served.url, path(feed))
        assert answer.startswith(b"HTTP/1.1 200")
        assert 0.3 < len(answer) / len(raw(whole.url, path(feed))) < 0.7
        assert not answer.endswith(b"0\r\n\r\n")


def test_a_certificate_that_nobody_signed_is_refused():
    with serving("self_signed") as served:
        assert served.url.startswith("https://")
        with pytest.raises(urllib.error.URLError, match="self-signed"):
            urllib.request.urlopen(served.url + path(), context=ssl.create_default_context())  # noqa: S310 - ours
        trusting = ssl._create_unverified_context()  # noqa: S323 - to see that it answers at all
        request = urllib.request.Request(served.url + path(), headers=KEY)  # noqa: S310 - ours
        with urllib.request.urlopen(request, context=trusting) as answer:  # noqa: S310 - ours
            assert answer.status == 200


def test_an_animal_is_had_as_an_app_too():
    assert isinstance(asgi("plain"), App)


def test_an_unknown_name_is_answered_with_what_was_perhaps_meant():
    with pytest.raises(UsageError, match=r"upper_inclusve: .*did you mean upper_inclusive"):
        fault("upper_inclusve")
    assert fault("upper-inclusive").name == "upper_inclusive"
    assert len(names()) == len(set(names()))
