"""What a recording keeps of an exchange, and what it must not."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from halfopen.check import recording
from halfopen.check.recording import How
from halfopen.config.product import ProductConfig
from support.seen import NOW, Asked, window

PRODUCT = ProductConfig(
    name="p",
    url="http://x",
    auth={"scheme": "oauth2", "token_url": "https://issuer", "client_id": "i", "client_secret": "client-s3cret"},
    paths={"players": "/p?api_key=path-s3cret&lang=en"},
)


def kept(path: Path, *bodies: bytes) -> bytes:
    asked = Asked("players")
    for body in bodies:
        asked.ask(window("11:00:00", "11:01:00"), body)
    exchanges = [replace(one, secrets=frozenset({"s3cret-word", "p\u00e9ch\u00e9"})) for one in asked.exchanges]
    with recording.opened(path) as file:
        assert file is not None
        recording.write(file, How(product=PRODUCT, started=NOW, finished=NOW), exchanges)
    return gzip.decompress(path.read_bytes())


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b"id\r\ns3cret-word\r\n", b"id\r\n***\r\n"),
        (b"id\r\ns3cret-w", b"id\r\n***"),
        (b"id\r\ns3c", b"id\r\ns3c"),
        ("p\u00e9ch\u00e9".encode(), b"***"),
        ("p\u00e9ch\u00e9".encode("latin-1"), b"***"),
    ],
)
def test_no_secret_of_a_body_is_kept(body: bytes, left: bytes, tmp_path: Path) -> None:
    kept(tmp_path / "r", body)
    _, (exchange,) = recording.read(tmp_path / "r", tmp_path)
    assert exchange.content == left


def test_no_secret_of_the_configuration_is_kept(tmp_path: Path) -> None:
    assert b"s3cret" not in kept(tmp_path / "r", b"id\r\n")
    how, _ = recording.read(tmp_path / "r", tmp_path)
    assert how.product.auth == {"scheme": "oauth2", "token_url": ""}
    assert how.product.paths == {"players": "/p?api_key=***&lang=en"}


def test_its_owner_alone_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.touch(0o644)
    kept(path, b"id\r\n")
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_earlier_recording_stays_until_another_is_whole(tmp_path: Path) -> None:
    before = kept(tmp_path / "r", b"id\r\n")
    with recording.opened(tmp_path / "r"):
        pass
    broken = pytest.raises(ZeroDivisionError)
    with broken, recording.opened(tmp_path / "r") as file:
        assert file is not None
        file.write(b"half of it")
        raise ZeroDivisionError
    assert gzip.decompress((tmp_path / "r").read_bytes()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_recording_of_an_older_version_says_what_it_can(tmp_path: Path) -> None:
    lines = kept(tmp_path / "r", b"id\r\n").splitlines(keepends=True)
    (tmp_path / "r").write_bytes(gzip.compress(b'{"schema": 1, "target": "http://x"}\n' + b"".join(lines[1:])))
    how, exchanges = recording.read(tmp_path / "r", tmp_path)
    assert how.product.url == "http://x"
    assert how.feeds is None
    assert len(exchanges) == 1
