"""How to ask, as commands that can be pasted into a shell: one way for each scheme of signing in.

The secret is the shell variable FEED_SECRET throughout; nothing here ever reads a secret out of the configuration.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from halfopen.auth.issuer import DEFAULT_PATH, path_of
from halfopen.window.window import Window
from halfopen.wire.moment import plain

SECRET: Final = "FEED_SECRET"  # noqa: S105 - the name of a shell variable
_TOKEN: Final = "FEED_TOKEN"  # noqa: S105 - the name of a shell variable
_READ: Final = r"""sed -E 's/.*"access_token":"([^"]+)".*/\1/'"""
_WORD: Final = re.compile(r"\{([^{}]*)\}")
_IN_DOUBLE_QUOTES: Final = re.compile(r'([\\"$`])')
_NO_VARIABLE: Final = re.compile(r"\W", re.ASCII)

_DIGESTS: Final = {
    "md5": "md5sum | cut -c1-32",
    "sha1": "sha1sum | cut -c1-40",
    "sha256": "sha256sum | cut -c1-64",
    "hmac-sha256": f'openssl dgst -sha256 -hmac "${SECRET}" -r | cut -c1-64',
}


@dataclass(frozen=True, slots=True)
class Call:
    """What curl is told beside the address and the window: lines before it, options, parameters of the query."""

    before: Sequence[str] = ()
    options: Sequence[str] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    """A parameter's name to its value, as it stands between double quotes."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """One way in. `secret`: what the CRM has to be given, in words; None where nothing is."""

    title: str
    doc: str
    secret: str | None
    call: Callable[[str, str], Call] = field(repr=False)
    """From the base address and a path to what curl is told."""

    def command(self, base: str, path: str, window: Window, **more: str) -> str:
        """The whole command for one feed; `more` are further parameters."""
        call = self.call(base, path)
        named = {"from": plain(window.start), "to": plain(window.end)}
        asked = [f"{name}=${name.upper()}" if _is_used(name, call) else f"{name}={named[name]}" for name in named]
        edges = [f'{name.upper()}="{named[name]}"' for name in named if _is_used(name, call)]
        asked += [f"{name}={value}" for name, value in {**call.parameters, **more}.items()]
        words = [f'curl -sS --fail-with-body -G "{base}{quote(path)}"', *call.options]
        words += [f'--data-urlencode "{text}"' for text in asked]
        return "\n".join([*edges, *call.before, " \\\n  ".join(words)])


def sign_in(words: Mapping[str, Any]) -> SignIn:
    """The way in for one `[[serve.auth]]`."""
    return _SCHEMES[str(words["scheme"])](words)


def name_of(words: Mapping[str, Any]) -> str:
    """What the log, and a verifier, calls the caller."""
    given = words.get("user") or words.get("client_id") or words.get("name")
    return str(given or {"none": "anonymous"}.get(str(words["scheme"]), words["scheme"]))


def _basic(words: Mapping[str, Any]) -> SignIn:
    user = f'--user {_quoted(str(words["user"]) + ":")}"${SECRET}"'
    return SignIn(
        "Basic", f"User {words['user']} and a password in the Authorization header.", "the password",
        lambda _base, _path: Call(options=[user]),
    )  # fmt: skip


def _bearer(words: Mapping[str, Any]) -> SignIn:
    header = str(words.get("header", "Authorization"))
    value = f"Bearer ${SECRET}" if header.lower() == "authorization" else f"${SECRET}"
    return SignIn(
        "Token", f"A fixed token in the {header} header.", "the token",
        lambda _base, _path: Call(options=[f'--header "{header}: {value}"']),
    )  # fmt: skip


def _oauth2(words: Mapping[str, Any]) -> SignIn:
    given = words.get("token_url")
    path = path_of(str(given)) if given else DEFAULT_PATH
    form = ["grant_type=client_credentials", f"client_id={words['client_id']}"]
    form += [f"scope={words['scope']}"] if words.get("scope") else []
    return SignIn(
        "OAuth2 client credentials",
        f"Client {words['client_id']} gets a token at {path}, and sends it as a bearer token until it ends.",
        "the client secret",
        lambda base, _path: _with_token(base + path, form, "client_secret"),
    )


def _login(words: Mapping[str, Any]) -> SignIn:
    user, password = words.get("user_parameter", "login"), words.get("password_parameter", "password")
    if words.get("token_url"):
        path = path_of(str(words["token_url"]))
        form = [f"{user}={words['user']}"]
        return SignIn(
            "Login for a token",
            f"User {words['user']} logs in at {path} with the form fields {user} and {password}, and sends the token "
            "that comes back as a bearer token until it ends.",
            "the password",
            lambda base, _path: _with_token(base + path, form, str(password)),
        )
    parameters = {str(user): _escaped(str(words["user"])), str(password): f"${SECRET}"}
    return SignIn(
        "Login in the query", f"The parameters {user} and {password} in every request.", "the password",
        lambda _base, _path: Call(parameters=parameters),
    )  # fmt: skip


def _signature(words: Mapping[str, Any]) -> SignIn:
    template, algorithm = str(words["template"]), str(words.get("algorithm", "md5"))
    stamp = words.get("timestamp")
    doc = f"Every request carries {words.get('parameter', 'sign')}, the {algorithm} of {template}"
    return SignIn(
        "Signature",
        doc + (f", and {stamp}, the time in seconds since the epoch." if stamp else "."),
        "the secret",
        lambda _base, path: _signed(words, template, algorithm, path),
    )


def _none(_words: Mapping[str, Any]) -> SignIn:
    return SignIn("Open", "Nobody has to sign in.", None, lambda _base, _path: Call())


_SCHEMES: Final[Mapping[str, Callable[[Mapping[str, Any]], SignIn]]] = {
    "basic": _basic,
    "bearer": _bearer,
    "oauth2": _oauth2,
    "login": _login,
    "signature": _signature,
    "none": _none,
}


def _with_token(url: str, form: Sequence[str], secret: str) -> Call:
    fields = [f"--data-urlencode {_quoted(text)}" for text in form]
    fields.append(f'--data-urlencode "{secret}=${SECRET}"')
    post = " \\\n  ".join([f'curl -sS --fail-with-body "{url}"', *fields])
    return Call(before=[f"{_TOKEN}=$({post} | {_READ})"], options=[f'--header "Authorization: Bearer ${_TOKEN}"'])


def _signed(words: Mapping[str, Any], template: str, algorithm: str, path: str) -> Call:
    stamp = words.get("timestamp")
    known = {"from": "$FROM", "to": "$TO", "path": _escaped(path), "secret": f"${SECRET}", "timestamp": "$STAMP"}
    others = [word for word in _WORD.findall(template) if word not in known]
    parts = re.split(r"(\{[^{}]*\})", template)
    text = "".join(
        known.get(part[1:-1], f"${{{_variable(part[1:-1])}}}") if part.startswith("{") else _escaped(part)
        for part in parts
    )
    before = ["STAMP=$(date +%s)"] if stamp else []
    before += [f'{_variable(word)}="{_INSTANCES.get(word, "...")}"' for word in dict.fromkeys(others)]
    before.append(f'SIGN=$(printf %s "{text}" | {_DIGESTS[algorithm]})')
    parameters = {word: f"${{{_variable(word)}}}" for word in others}
    parameters |= {str(stamp): "$STAMP"} if stamp else {}
    return Call(before=before, parameters={**parameters, str(words.get("parameter", "sign")): "$SIGN"})


_INSTANCES: Final = {"format": "csv"}


def _is_used(name: str, call: Call) -> bool:
    return any(f"${name.upper()}" in line for line in call.before)


def _variable(word: str) -> str:
    return "Q_" + _NO_VARIABLE.sub("_", word).upper()


def _escaped(text: str) -> str:
    """A text as it stands between double quotes of a shell."""
    return _IN_DOUBLE_QUOTES.sub(r"\\\1", text)


def _quoted(text: str) -> str:
    return shlex.quote(text)
