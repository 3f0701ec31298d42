"""One request and its answer as they were."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from halfopen.auth import path_keys
from halfopen.window.window import Window

EXCERPT = 4096
"""Bytes of a body that an exchange itself holds; the rest is in its file."""
_VARIABLE: Final = re.compile(r"(?<![^ :=])\$([A-Z0-9_]+)\Z")
"""What `signing` puts in place of a secret, at the end of a header or of a parameter."""
_PATH_KEY: Final = "$PATH_KEY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One GET and what came back.

    number: counts from 1 in the order of asking. feed: None for a request that is about no feed. probe: why it was
    asked (`minute`, `hour`, `cut`, ...). window: None where the query holds no readable window. credentials: `right`,
    `none` or `wrong`. url and sent: with `$NAME` in place of every secret. status: None when no response began.
    headers: names in lower case. body: the first `EXCERPT` bytes, decoded. file: the whole decoded body, when it is
    longer. size: bytes of the decoded body that were read; wire_size: bytes as received. cut: we stopped reading.
    started, ended: aware UTC by our clock. error: what broke between here and the product, or why the body could not
    be decoded; error_code: its rule. echoed: where a secret that was sent came back. secrets: texts that were sent and
    that nobody may see, in all their spellings; only the body of a 200 may hold them. keys: the same of the address's
    path, which are hidden, and not looked for in answers: they may be none. hint: what the variables in `curl` stand
    for. resent: how often it was sent again, since an old connection was closed without a word of an answer.
    """

    number: int
    feed: str | None
    probe: str
    window: Window | None
    credentials: str = "right"
    method: str = "GET"
    url: str
    sent: Mapping[str, str]
    status: int | None
    headers: Mapping[str, str]
    body: bytes = field(repr=False, default=b"")
    file: Path | None = None
    size: int = 0
    wire_size: int = 0
    cut: bool = False
    started: datetime
    ended: datetime
    error: str | None = None
    error_code: str | None = None
    echoed: str | None = None
    redirects: tuple[str, ...] = ()
    tls: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = field(repr=False, default=frozenset())
    keys: frozenset[str] = field(repr=False, default=frozenset())
    hint: str = ""
    resent: int = 0

    @property
    def hidden(self) -> frozenset[str]:
        """All the texts that nobody may see."""
        return self.secrets | self.keys

    @property
    def seconds(self) -> float:
        """From sending to the end of the body."""
        return (self.ended - self.started).total_seconds()

    @property
    def content(self) -> bytes:
        """The whole body as far as it was read, decoded."""
        return self.body if self.file is None else self.file.read_bytes()

    @property
    def curl(self) -> str:
        """A command line that asks the same, with secrets as variables of a shell, and what these are behind it."""
        words = ["curl", "-sS"]
        for name, value in self.sent.items():
            if name.lower() == "authorization" and value.startswith("Basic "):
                words.append(f"-u {_in_shell(value.removeprefix('Basic '))}")
            elif name.lower() not in {"accept-encoding", "user-agent"}:
                words.append(f"-H {_in_shell(f'{name}: {value}')}")
        if "accept-encoding" in {name.lower() for name in self.sent}:
            words.append("--compressed")
        base, mark, query = self.url.partition("?")
        parts = query.split("&")
        secret = [part for part in parts if _VARIABLE.search(part)]
        plain = "&".join(part for part in parts if part not in secret)
        # curl encodes what a variable holds; written into the address, a password with & in it would end there.
        words += [f"--data-urlencode {_in_shell(part)}" for part in secret]
        words += ["-G"] if secret else []
        words.append(_address_in_shell(base + (mark + plain if plain else "")))
        return " ".join([*words, f" # {self.hint}"] if self.hint else words)


def shown_address(url: str) -> str:
    """An address with a variable in place of what looks like a key in its path."""
    return path_keys.masked(url, _PATH_KEY)


def _address_in_shell(url: str) -> str:
    return f'"{_PATH_KEY}"'.join(shlex.quote(part) if part else "" for part in url.split(_PATH_KEY))


def _in_shell(text: str) -> str:
    """A word for a shell that takes all of it as it stands, but for the variable at its end."""
    found = _VARIABLE.search(text)
    if found is None:
        return shlex.quote(text)
    before = text[: found.start()]
    return f'{shlex.quote(before) if before else ""}"{found[0]}"'
