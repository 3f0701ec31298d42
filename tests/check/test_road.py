"""An authority of one's own, and a proxy, over real sockets."""

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from halfopen.check import engine
from halfopen.check.client import Limits
from halfopen.cli.main import run
from halfopen.config.product import read_product
from support.dialects import speaking

PEM = serialization.Encoding.PEM
FAST = ("--watch", "0s", "--rate", "500", "--feed", "logins")


def pair(
    name: str, *, of: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """An authority, or a certificate for 127.0.0.1 that the authority `of` signed, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer, signing = (of[0].subject, of[1]) if of else (subject, key)
    made = x509.CertificateBuilder(issuer_name=issuer, subject_name=subject, public_key=key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=60))
    made = made.add_extension(x509.BasicConstraints(ca=of is None, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if of is not None:
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = made.add_extension(address, critical=False)
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(of[1].public_key())
        made = made.add_extension(above, critical=False)
    else:
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "encipher_only", "decipher_only"), False,
        )  # fmt: skip
        made = made.add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), critical=True)
    return made.sign(signing, hashes.SHA256()), key


def answer(_question: object) -> web.Response:
    return web.Response(body=b"id,player_id,created_at\r\n", content_type="text/csv")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[str]:
    """The address of a product whose certificate the authority in ca.pem signed; other.pem is a stranger's."""
    ours, other = pair("the house's authority"), pair("another authority")
    certificate, key = pair("casino", of=ours)
    (tmp_path / "ca.pem").write_bytes(ours[0].public_bytes(PEM))
    (tmp_path / "other.pem").write_bytes(other[0].public_bytes(PEM))
    (tmp_path / "certificate.pem").write_bytes(certificate.public_bytes(PEM))
    plain = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    ready, url, loop = threading.Event(), [""], asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with speaking(answer, ssl_context=context) as speaker:
            url[0] = speaker.url
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield url[0]
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()


def test_an_authority_of_ones_own(house: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", house, "--auth", "none", *FAST]) == 3
    assert "--ca ca.pem" in capsys.readouterr().out
    assert run(["check", house, "--auth", "none", *FAST, "--ca", str(tmp_path / "other.pem")]) == 3
    assert "the certificate is not valid" in capsys.readouterr().out
    assert run(["check", house, "--auth", "none", *FAST, "--ca", str(tmp_path / "ca.pem")]) != 3
    assert "certificate" not in capsys.readouterr().out


def test_an_authority_in_the_file(house: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "halfopen.toml"
    file.write_text(f'[products.casino]\nurl = "{house}"\nca = "ca.pem"\n')
    words = ["check", "--config", str(file), "--product", "casino", *FAST]
    assert run(words) != 3
    assert "certificate" not in capsys.readouterr().out
    assert run([*words, "--ca", str(tmp_path / "ca.pem")]) == 2
    assert "they stand in the file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "no certificate\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_certificates(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text(text)
    assert run(["check", "https://127.0.0.1:1", *FAST, "--ca", str(wrong)]) == 2
    told = capsys.readouterr().err
    assert f"ca: {str(wrong)!r} holds no certificates that can be read" in told
    assert "Traceback" not in told


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "https://127.0.0.1:1", *FAST, "--ca", str(tmp_path / "none.pem")]) == 2
    assert "there is no file" in capsys.readouterr().err


async def test_a_proxy_in_between() -> None:
    async with speaking(answer) as proxy:
        where = proxy.url.replace("http://", "http://me:p%40ss@")
        product = read_product("casino", {"url": "http://casino.example", "proxy": where}, "products.casino")
        options = engine.Options(feeds=("logins",), watch=0, limits=Limits(rate=500))
        report = await engine.check(product, options)
    assert report.feeds["logins"].offered
    assert {question.headers["Host"] for question in proxy.asked} == {"casino.example"}
    assert {question.headers["Proxy-Authorization"] for question in proxy.asked} == {"Basic bWU6cEBzcw=="}
