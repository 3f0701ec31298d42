import pytest

from halfopen.auth.schemes import signer, verifier
from halfopen.errors import ConfigError


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize("extra", [{}, {"header": "X-Api-Key"}])
def test_what_a_signer_sends_its_verifier_accepts(extra):
    words = {"scheme": "bearer", "token": "t0ken", **extra}
    signed = signer(words).sign("/", "")
    assert verifier(words).verify("/", "", lower(signed.headers)) == "bearer"
    assert verifier(words | {"token": "other"}).verify("/", "", lower(signed.headers)) is None


def test_a_header_of_another_name_holds_the_bare_token():
    assert signer({"scheme": "bearer", "token": "t0ken", "header": "X-Api-Key"}).sign("/", "").headers == {
        "X-Api-Key": "t0ken"
    }


@pytest.mark.parametrize("header", ["", "t0ken", "Basic t0ken", "Bearer", "Bearer t0ken2"])
def test_anything_else_is_refused(header):
    assert verifier({"scheme": "bearer", "token": "t0ken"}).verify("/", "", {"authorization": header}) is None


def test_an_empty_token_is_refused_when_read():
    with pytest.raises(ConfigError, match="empty token"):
        verifier({"scheme": "bearer", "token": ""})
