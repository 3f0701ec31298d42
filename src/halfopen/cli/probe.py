"""`halfopen probe`: asks a product a few questions and writes its section of `halfopen.toml`."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import aiohttp
import uvloop
from cyclopts import Parameter
from rich.console import Console

from halfopen.cli.target import auth_words, path_word
from halfopen.config.product import ProductConfig, read_product
from halfopen.errors import UsageError
from halfopen.sync.probe.ask import Found, Probe
from halfopen.sync.probe.write import inline, written
from halfopen.window.clock import utc_now

GOOD = 0
_SECRETS = ("password", "token")
_VARIABLE = re.compile(r"\$\{[^}]*\}")


def probe(
    url: str,
    /,
    *,
    auth: str = "none",
    path: Annotated[list[str] | None, Parameter(negative=())] = None,
    name: str | None = None,
    ca: Path | None = None,
    proxy: str | None = None,
    out: Path | None = None,
) -> int:
    """Ask a product at most 20 questions and print its section of the configuration, with what each line was seen in.

    Exit code 0: written. 2: bad usage. 3: nobody there, or nobody lets us in.

    Args:
        url: the product's address, like https://space-vegas.com.
        auth: basic:USER:PASSWORD, bearer:TOKEN, login:USER:PASSWORD or none; ${NAME} comes from the environment.
        path: FEED=/PATH where it is not the document's; may be given several times.
        name: what to call the product; by default after its host.
        ca: certificates to trust, PEM.
        proxy: a proxy in between, like http://proxy.example:3128.
        out: write the section to this new file instead of printing it.
    """
    if out is not None and out.exists():
        raise UsageError(f"--out: {out} exists already; name a new file, and copy the section from there")
    called = name or _called(url)
    table = {"url": url, "auth": auth_words(auth), "paths": dict(path_word(word) for word in path or ())}
    more = {"ca": str(ca) if ca else None, "proxy": proxy}
    product = read_product(called, {**table, **{key: v for key, v in more.items() if v is not None}}, "probe")
    found = uvloop.run(_asked(product))
    section = found.section(called, product.url, _shown_auth(called, auth, product))
    text = written(section)
    if out is None:
        sys.stdout.write(text)
        return GOOD
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror}") from None
    return GOOD


async def _asked(product: ProductConfig) -> Found:
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="halfopen-") as folder, console.status("") as status:
        async with aiohttp.ClientSession(
            auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), headers={"User-Agent": "halfopen"}
        ) as session:
            asking = Probe(product, session, Path(folder) / "answer", utc_now)
            return await asking.ask(lambda feed: status.update(f"{feed} ({asking.requests} requests)"))


def _called(url: str) -> str:
    """A name after the host: https://api.space-vegas.com is space-vegas."""
    host = urlsplit(url).hostname or "product"
    parts = host.split(".")
    plain = parts[-2] if len(parts) > 1 and not parts[-1].isdigit() else host
    return re.sub(r"[^A-Za-z0-9_-]", "-", plain) or "product"


def _shown_auth(name: str, given: str, product: ProductConfig) -> str:
    """The words of auth with `${NAME}` for what is secret: the one that was given, or one after the product."""
    shown = {key: str(value) for key, value in product.auth.items()}
    variables = _VARIABLE.findall(given)
    for key in _SECRETS:
        if key in shown:
            own = f"${{{re.sub('[^A-Z0-9]', '_', name.upper())}_{key.upper()}}}"
            shown[key] = variables[-1] if variables and given.endswith(variables[-1]) else own
    return inline(shown)
