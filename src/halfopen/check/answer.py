"""An answer while it comes in, and what may interrupt it."""

import ssl
from pathlib import Path
from typing import BinaryIO, Final

import aiohttp

from halfopen.check.exchange import EXCERPT
from halfopen.check.patience import TIMED_OUT
from halfopen.errors import BodyError
from halfopen.wire.body import Decoder

BLOCK: Final = 64 << 10
_OK: Final = 200


class Answer:
    """An answer while it comes in: its beginning in memory, all of it in a file once it is longer."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        self._most = most_bytes
        self._stream: BinaryIO | None = None
        self.head = bytearray()
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.tls: dict[str, str] = {}
        self.size = self.wire_size = 0
        self.cut = False
        self.error: str | None = None
        self.error_code: str | None = None

    @property
    def file(self) -> Path | None:
        """Where all of it is, when it is longer."""
        return None if self._stream is None else self._path

    @property
    def was_cut_off(self) -> bool:
        """Whether the connection was closed before a word of the answer."""
        return self.status is None and self.error_code == "transport_error" and self.error != TIMED_OUT

    def began(self, response: aiohttp.ClientResponse) -> None:
        """Take what comes before the body."""
        self.status = response.status
        for name, value in response.headers.items():
            low = name.lower()
            self.headers[low] = f"{self.headers[low]}, {value}" if low in self.headers else value
        socket = response.connection.transport.get_extra_info("ssl_object") if _transport(response) else None  # type: ignore[union-attr]  # _transport looked
        if isinstance(socket, ssl.SSLObject):
            certificate = socket.getpeercert() or {}
            self.tls = {"version": socket.version() or "", "not_after": str(certificate.get("notAfter", ""))}

    async def take(self, response: aiohttp.ClientResponse) -> None:
        """Read the body, as far as it may be read."""
        decoder = Decoder(response.headers.get("Content-Encoding"))
        async for block in response.content.iter_chunked(BLOCK):
            self.wire_size += len(block)
            self._keep(decoder.feed(block, self._most + (64 << 20)))
            if self.size > self._most:
                self.cut = True
                response.close()
                return
        if self.wire_size:
            self._keep(decoder.finish())

    def broke(self, error: Exception) -> None:
        """Tell what interrupted it."""
        self.error_code, self.error = told(error, began=self.status is not None)

    def close(self) -> None:
        """Close its file."""
        if self._stream is not None:
            self._stream.close()

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self._stream is None:
            self.head += data
            if len(self.head) <= EXCERPT:
                return
            if self.status != _OK:
                # Of an error the beginning is enough, and what it may quote is masked there.
                del self.head[EXCERPT:]
                return
            self._stream = self._path.open("wb")
            data = bytes(self.head)
            del self.head[EXCERPT:]
        self._stream.write(data)


def _transport(response: aiohttp.ClientResponse) -> bool:
    return response.connection is not None and response.connection.transport is not None


def told(error: Exception, *, began: bool) -> tuple[str, str]:  # noqa: PLR0911 - one line a kind of error
    """The rule that an interruption belongs to, and what happened."""
    match error:
        case BodyError():
            return "content_encoding_broken", str(error)
        case aiohttp.ClientConnectorCertificateError():
            return "tls_invalid", f"the certificate is not valid: {error.certificate_error}"
        case aiohttp.ClientConnectorSSLError():
            return "tls_invalid", f"no TLS connection could be made: {error.os_error}"
        case aiohttp.ClientConnectorError():
            return "transport_error", f"cannot connect to {error.host}:{error.port}: {error.os_error}"
        case TimeoutError():
            return "transport_error", TIMED_OUT
        case aiohttp.ClientPayloadError():
            # aiohttp also decodes chunks: its text says what was missing, in the parenthesis after its own words.
            return "body_truncated", f"the body ended early: {_reason(error)}"
        case _ if began:
            return "body_truncated", f"the connection broke within the body: {_reason(error)}"
        case _:
            return "transport_error", f"the connection broke: {_reason(error)}"


def _reason(error: Exception) -> str:
    return " ".join((str(error) or type(error).__name__).split())[:200]
