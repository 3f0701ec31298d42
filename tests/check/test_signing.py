"""How a signed request is shown, and what must not be seen of it."""

import asyncio
import shutil
import subprocess
import time

import pytest

from halfopen.check.exchange import Exchange
from halfopen.check.signing import Credentials, Request, SignIn
from support.seen import NOW

QUERY = "from=2026-01-01%2000:00:00&to=2026-01-01%2000:01:00"


async def request_of(words: dict[str, str], credentials: Credentials = "right", query: str = QUERY) -> Request:
    return await sign_in(words).signed(credentials, "/api/players", query, 0.0)


def sign_in(words: dict[str, str]) -> SignIn:
    return SignIn(words, None, time.monotonic)  # type: ignore[arg-type]  # these schemes ask for no token


def curl(request: Request) -> str:
    asked = Exchange(
        number=1, feed="players", probe="hour", window=None, url=f"http://a/api/players?{request.shown_query}",
        sent=request.shown_headers, status=200, headers={}, started=NOW, ended=NOW, hint=request.hint,
    )  # fmt: skip
    return asked.curl


async def test_a_key_in_a_path_is_shown_as_a_variable_whoever_asks() -> None:
    for credentials in ("right", "none", "wrong"):
        words = {"scheme": "bearer", "token": "a-token-of-mine"}
        request = await request_of(words, credentials, "api_key=KEY%26SEC&" + QUERY)
        assert request.shown_query == "api_key=$API_KEY&" + QUERY
        assert {"KEY%26SEC", "KEY&SEC"} <= request.secrets
        assert "KEY" not in curl(request).replace("API_KEY", "").replace("api_key", "")


async def test_a_password_of_a_letter_is_hidden_behind_its_name_and_mangles_no_sentence() -> None:
    words = {"scheme": "login", "user": "crm", "password": "a"}
    request = await request_of(words)
    assert request.shown_query == QUERY + "&login=crm&password=$PASSWORD"
    text = "an ordinary error at /x?login=crm&password=a"
    assert sign_in(words).hidden(text, request) == "an ordinary error at /x?login=crm&***"


async def test_what_differs_from_the_right_credentials_is_said() -> None:
    basic = {"scheme": "basic", "user": "crm", "password": "a-password"}
    assert '-u crm:"$PASSWORD"' in curl(await request_of(basic))
    wrong = curl(await request_of(basic, "wrong"))
    assert '-u crm:"$WRONG_PASSWORD"' in wrong
    assert wrong.endswith("  # WRONG_PASSWORD: the right one with its last letter but one changed")
    assert "its first letter changed" in curl(await request_of(basic, "wrong_start"))
    assert "#" not in curl(await request_of(basic, "none"))


async def test_how_a_signature_is_made_is_said() -> None:
    words = {"scheme": "signature", "template": "{from}{to}{secret}", "secret": "a-secret", "algorithm": "sha256"}
    line = curl(await request_of(words))
    assert '--data-urlencode sign="$SIGN" -G' in line
    assert line.endswith("  # SIGN: sha256 of {from}{to}{secret} in hexadecimal digits")
    assert "$WRONG_SIGN" in curl(await request_of(words, "wrong"))


def test_the_line_can_be_pasted_into_a_shell(tmp_path) -> None:
    words = {"scheme": "basic", "user": "c\"r$m`touch pwned`$(touch pwned)'", "password": "a-password"}
    line = curl(asyncio.run(request_of(words))).replace("curl", "printf '%s\\n'", 1)
    shell = shutil.which("bash")
    assert shell is not None
    told = subprocess.run(
        [shell, "-c", line], cwd=tmp_path, env={"PASSWORD": "x y"}, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert f"{words['user']}:x y" in told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("user", ["a&b", "a b"])
async def test_a_login_in_the_query_is_encoded(user: str) -> None:
    line = curl(await request_of({"scheme": "login", "user": user, "password": "a-password"}))
    assert "login=a%26b" in line or "login=a%20b" in line
    assert '--data-urlencode password="$PASSWORD"' in line
