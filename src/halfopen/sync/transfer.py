"""One GET, spooled to a file, with a clean end or an error: never a part of an answer taken for the whole.

aiohttp checks Content-Length and the final chunk; its own decompression would take a gzip body that ends early for a
whole one, so the raw bytes are decoded here.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from yarl import URL

from halfopen.errors import BodyError
from halfopen.sync.http_dates import http_date, retry_after
from halfopen.sync.refusal import Refusal
from halfopen.sync.road import DIRECT, Road
from halfopen.sync.spool import Spool
from halfopen.wire.body import Decoder

TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=30)
BLOCK = 256 << 10
_QUOTED_BYTES = 2000
_OK, _NO_CONTENT, _TOO_LARGE, _BAD, _SERVER_ERROR = 200, 204, 413, 400, 500
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """A body that ended cleanly: decoded, in a file after `finish`.

    digest: sha-256 of the decoded bytes. unmarked_end: nothing but the end of the connection said that it was whole.
    location: where a redirect points; then there is no body. headers: of the response, names in any case. spool: has
    what is not in the file before `finish`.
    """

    status: int
    headers: Mapping[str, str]
    body: Path
    size: int
    digest: str
    unmarked_end: bool
    location: str | None = None
    spool: Spool | None = None

    def finish(self) -> None:
        """Have the body in its file, for a thread to do; SinkError when the disk does not take it."""
        if self.spool is not None:
            self.spool.finish()

    @property
    def server_date(self) -> datetime | None:
        """The Date header as an aware UTC moment."""
        return http_date(self.headers.get("Date", ""))


async def transfer(
    session: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str],
    body: Path,
    most_bytes: int | None = None,
    *,
    road: Road = DIRECT,
) -> Transfer:
    """GET `url` (raw, already encoded) into the file `body`; Refusal for anything but a whole 200, 204 or redirect.

    An answer that decodes to more than `most_bytes` is refused as too big.
    """
    try:
        async with session.get(
            URL(url, encoded=True), headers=headers, allow_redirects=False, timeout=TIMEOUT, **road.options
        ) as response:
            if response.status in _REDIRECTS and "Location" in response.headers:
                return _moved(response, body)
            if response.status not in {_OK, _NO_CONTENT}:
                raise await _refused(response)
            return await _spooled(response, body, most_bytes)
    except (aiohttp.ClientError, TimeoutError, OSError, BodyError) as error:
        raise _broken(error) from None


def _broken(error: Exception) -> Refusal:  # noqa: PLR0911 - one line a kind of trouble
    """What went wrong between here and the product, in a person's words."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return Refusal("cannot connect: timed out after 5 s; check the product's url")
        case TimeoutError():
            return Refusal("timed out: 30 s without a byte", status=_OK, narrower=True)
        case aiohttp.ClientPayloadError() | BodyError():
            return Refusal(f"the answer was cut short or broken: {_reason(error)}", status=_OK)
        case aiohttp.ClientConnectorCertificateError():
            return Refusal(
                f"cannot trust {error.host}:{error.port}: {_reason(error.certificate_error)};"
                " name who signed its certificate as the product's ca"
            )
        case aiohttp.ClientProxyConnectionError():
            return Refusal(
                f"cannot connect to the proxy at {error.host}:{error.port}: {_reason(error.os_error)};"
                " check the product's proxy"
            )
        case aiohttp.ClientConnectorError():
            where = f"{error.host}:{error.port}"
            return Refusal(f"cannot connect to {where}: {_reason(error.os_error)}; check the product's url")
        case aiohttp.ClientHttpProxyError():
            return Refusal(f"the proxy answered {error.status}; check the product's proxy", status=error.status)
        case aiohttp.ClientResponseError():
            return Refusal(f"the answer is no HTTP: {' '.join(error.message.split())!r}", status=_OK)
        case _:
            return Refusal(f"the connection broke: {_reason(error)}", status=_OK)


def _moved(response: aiohttp.ClientResponse, body: Path) -> Transfer:
    return Transfer(
        status=response.status,
        headers=response.headers,
        body=body,
        size=0,
        digest="",
        unmarked_end=False,
        location=response.headers["Location"],
    )


async def _spooled(response: aiohttp.ClientResponse, body: Path, most_bytes: int | None) -> Transfer:
    sent, decoded = hashlib.sha256(), hashlib.sha256()
    check = response.headers.get("Content-Digest")
    decoder = Decoder(response.headers.get("Content-Encoding"))
    received = 0
    with Spool(body, BLOCK) as spool:
        async for block in response.content.iter_chunked(BLOCK):
            received += len(block)
            text = decoder.feed(block)
            if most_bytes is not None and decoder.bytes_out > most_bytes:
                raise Refusal(f"more than {most_bytes:,} bytes in one answer", status=_OK, too_big=True)
            if check is not None:
                sent.update(block)
            decoded.update(text)
            await spool.write(text)
        if received or response.headers.get("Content-Length", "0") != "0":
            decoder.finish()
        await spool.end()
    _check_length(response, received)
    _check_digest(check, sent.digest())
    return Transfer(
        status=response.status,
        headers=response.headers,
        body=body,
        size=decoder.bytes_out,
        digest=decoded.hexdigest(),
        unmarked_end=response.status == _OK and not _marks_its_end(response),
        spool=spool,
    )


def _marks_its_end(response: aiohttp.ClientResponse) -> bool:
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    return chunked or "Content-Length" in response.headers


def _check_length(response: aiohttp.ClientResponse, received: int) -> None:
    named = response.headers.get("Content-Length")
    if named is not None and "Transfer-Encoding" not in response.headers and named.strip() != str(received):
        raise Refusal(f"the answer was cut short: {received} bytes of Content-Length {named!r}", status=_OK)


def _check_digest(header: str | None, found: bytes) -> None:
    """RFC 9530: sha-256 of the bytes as sent; other algorithms are not ours to judge."""
    for name, text in re.findall(r"([a-z0-9-]+)=:([A-Za-z0-9+/=]*):", header or ""):
        if name != "sha-256":
            continue
        try:
            named = base64.b64decode(text, validate=True)
        except binascii.Error:
            named = b""
        if named != found:
            raise Refusal("the answer does not have its Content-Digest: it was changed or cut on the way", status=_OK)


async def _refused(response: aiohttp.ClientResponse) -> Refusal:
    status = response.status
    wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    return Refusal(
        f"answered {status}{_advice(status)}{await _quoted(response)}",
        status=status,
        retry_after=wait,
        too_big=status == _TOO_LARGE,
        narrower=status == _BAD or (status >= _SERVER_ERROR and wait is None),
    )


def _advice(status: int) -> str:
    match status:
        case 401 | 403:
            return ", check the product's auth"
        case 404:
            return ", check the product's url and paths"
        case _:
            return ""


async def _quoted(response: aiohttp.ClientResponse) -> str:
    """The first bytes of an error's body, as far as they can be read."""
    try:
        data = await response.content.read(_QUOTED_BYTES)
        text = Decoder(response.headers.get("Content-Encoding")).feed(data)
    except (aiohttp.ClientError, OSError, BodyError):
        return ""
    return f": {excerpt(text)}" if text.strip() else ""


def excerpt(data: bytes) -> str:
    """The beginning of a body in one quoted line."""
    return repr(" ".join(data[:_QUOTED_BYTES].decode("utf-8", "replace").split()))


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error).splitlines()[0:1]
    shown = text if isinstance(text, str) else "".join(text)
    return shown or type(error).__name__
