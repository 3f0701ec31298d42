"""Own certificates and a proxy, over real sockets."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from halfopen.config.product import read_product
from halfopen.errors import ConfigError
from halfopen.sync.client import ProductClient
from halfopen.sync.fetched import Fetched
from halfopen.sync.refusal import Refusal
from halfopen.window.window import Window
from support.dialects import speaking

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = Window(NOON, NOON + timedelta(hours=1))
BODY = b"id,player_id,created_at\r\n1,p,2026-03-01 12:00:00\r\n"


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody else signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "casino")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.add_extension(address, critical=False).sign(key, hashes.SHA256()).public_bytes(pem))
    files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return files


async def fetched(tmp_path: Path, **words: object) -> Fetched:
    product = read_product("casino", words, "products.casino", tmp_path)
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        client = ProductClient(product, session, lambda: datetime.now(UTC))
        return await client.fetch("logins", HOUR, tmp_path / "body")


async def test_a_certificate_of_its_own(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with speaking(lambda _q: web.Response(body=BODY), ssl_context=context) as speaker:
        with pytest.raises(Refusal, match=r"cannot trust .*name who signed its certificate as the product's ca"):
            await fetched(tmp_path, url=speaker.url)
        got = await fetched(tmp_path, url=speaker.url, ca=Path(certificate).name)
    assert got.size == len(BODY)


async def test_a_proxy_in_between(tmp_path: Path) -> None:
    async with speaking(lambda _q: web.Response(body=BODY)) as proxy:
        where = proxy.url.replace("http://", "http://me:p%40ss@")
        got = await fetched(tmp_path, url="http://casino.example", proxy=where)
        assert got.size == len(BODY)
        assert proxy.asked[0].headers["Host"] == "casino.example"
        assert proxy.asked[0].headers["Proxy-Authorization"] == aiohttp.encode_basic_auth("me", "p@ss")


async def test_no_proxy_there(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"cannot connect to the proxy at 127\.0\.0\.1:1: .*check the product's proxy"):
        await fetched(tmp_path, url="http://casino.example", proxy="http://127.0.0.1:1")


def test_what_is_not_there_is_told_when_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"products\.casino\.ca: there is no file"):
        read_product("casino", {"url": "http://a", "ca": "none.pem"}, "products.casino", tmp_path)
    for dialect, message in [
        ({"delimeter": ";"}, "dialect: unknown key 'delimeter'; did you mean 'delimiter'"),
        ({"pages": {"by": "page"}}, "pages: parameter is missing"),
        ({"timezone": "Riga"}, "timezone: found 'Riga'"),
        ({"encoding": "cp99"}, "encoding: found 'cp99'"),
        ({"booleans": {"treu": []}}, "booleans: unknown key 'treu'; did you mean 'true'"),
    ]:
        with pytest.raises(ConfigError, match=message):
            read_product("casino", {"url": "http://a", "dialect": dialect}, "products.casino")
