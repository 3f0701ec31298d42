"""A recording: all exchanges of a check in one file, for `--replay`; it holds personal data and no secret."""

import base64
import gzip
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from halfopen.auth import masking, path_keys
from halfopen.check.exchange import EXCERPT, Exchange
from halfopen.config.product import ProductConfig
from halfopen.errors import UsageError
from halfopen.window.window import Window

_SCHEMA = 1
_FIELDS: Final = (
    "number", "feed", "probe", "credentials", "method", "url", "status", "size", "wire_size", "cut", "error",
    "error_code", "echoed", "hint", "resent",
)  # fmt: skip
"""What is written as it is."""


@dataclass(frozen=True, kw_only=True)
class How:
    """What the rules know beside the exchanges: how the product was asked, by whose words, and when.

    started, finished: aware UTC. seconds, watched, token_lifetime: seconds. requests: how many were sent. ended: why it
    ended early. feeds: what was looked at. What is None the recording does not say, as those of older versions.
    """

    product: ProductConfig
    started: datetime | None = None
    finished: datetime | None = None
    watched: float | None = None
    token_lifetime: float | None = None
    spaces: Mapping[str, str] | None = None
    feeds: tuple[str, ...] | None = None
    ended: str = ""
    seconds: float | None = None
    requests: int = 0


@contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO | None]:
    """The file to record in, readable by its owner alone, opened before anything is asked; None for no recording.

    What stood there before is replaced once all is written, and by nothing less.

    Raises:
        UsageError: it cannot be written.
    """
    if path is None:
        yield None
        return
    is_plain = path.is_file() or not path.exists()
    part = path.with_name(f"{path.name}.part") if is_plain else path
    try:
        file = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    except OSError as error:
        raise UsageError(
            f"--record {path}: cannot be written: {error.strerror}; name a file in a folder of yours"
        ) from None
    try:
        with file:
            yield file
            is_written = is_plain and file.tell() > 0
        if is_written:
            part.replace(path)
    finally:
        if is_plain:
            part.unlink(missing_ok=True)


def write(file: BinaryIO, how: How, exchanges: Iterable[Exchange]) -> None:
    """Gzipped lines of JSON, the first of which says how it was asked; whole bodies, without secrets."""
    with gzip.open(file, "wt", encoding="utf-8", compresslevel=6) as packed:
        packed.write(json.dumps(_head(how)) + "\n")
        for exchange in exchanges:
            packed.write(json.dumps(_to_json(exchange)) + "\n")


def read(path: Path, spool: Path) -> tuple[How, list[Exchange]]:
    """How the product was asked, and the exchanges; long bodies are put into files in the folder `spool`.

    Raises:
        UsageError: the file is no recording.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            head = json.loads(file.readline())
            if head.get("schema") != _SCHEMA:
                raise UsageError(f"{path}: is a recording of schema {head.get('schema')!r}, needs {_SCHEMA}")
            exchanges = [_from_json(json.loads(line), spool) for line in file]
            return _how(head, exchanges), exchanges
    except (OSError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UsageError(f"{path}: is no recording of a check ({error}); make one with --record FILE") from None


def _head(how: How) -> dict[str, Any]:
    product = how.product
    return {
        "schema": _SCHEMA,
        "target": path_keys.masked(product.url),
        "product": {
            "name": product.name,
            # Of the words of the sign-in the rules need to know these two; the address of tokens is nobody's business.
            "auth": {"scheme": product.auth["scheme"], **({"token_url": ""} if "token_url" in product.auth else {})},
            "format": product.format,
            "space": product.space,
            "columns": product.columns,
            "paths": {feed: _without_keys(path) for feed, path in product.paths.items()},
            "offset": product.offset.total_seconds(),
            "offsets": {feed: offset.total_seconds() for feed, offset in product.offsets.items()},
        },
        "started": None if how.started is None else _moment(how.started),
        "finished": None if how.finished is None else _moment(how.finished),
        "seconds": how.seconds,
        "requests": how.requests,
        "watched": how.watched,
        "token_lifetime": how.token_lifetime,
        "spaces": dict(how.spaces or {}),
        "feeds": how.feeds,
        "ended": how.ended,
    }


def _how(head: dict[str, Any], exchanges: Iterable[Exchange]) -> How:
    words = head.get("product")
    if words is None:
        return How(product=ProductConfig(name="replay", url=head["target"], auth=_scheme_of(exchanges)))
    offsets = {feed: timedelta(seconds=offset) for feed, offset in words.pop("offsets").items()}
    offset = timedelta(seconds=words.pop("offset"))
    return How(
        product=ProductConfig(url=head["target"], offset=offset, offsets=offsets, **words),
        started=head["started"] and datetime.fromisoformat(head["started"]),
        finished=head["finished"] and datetime.fromisoformat(head["finished"]),
        seconds=head["seconds"],
        requests=head["requests"],
        watched=head["watched"],
        token_lifetime=head["token_lifetime"],
        spaces=head["spaces"],
        feeds=head["feeds"] and tuple(head["feeds"]),
        ended=head["ended"],
    )


def _scheme_of(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """Whether anybody signed in, where the recording is too old to say how."""
    signed = any(e.credentials != "right" for e in exchanges)
    return {"scheme": "bearer", "token": "recorded"} if signed else {"scheme": "none"}


def _without_keys(path: str) -> str:
    base, mark, query = path_keys.masked(path).partition("?")
    parts = [part.partition("=") for part in query.split("&")]
    return base + mark + "&".join(f"{n}=***" if masking.is_secret_name(n) else n + e + v for n, e, v in parts)


def _to_json(exchange: Exchange) -> dict[str, Any]:
    window = exchange.window
    return {
        **{name: getattr(exchange, name) for name in _FIELDS},
        "window": None if window is None else [_moment(window.start), _moment(window.end)],
        "sent": dict(exchange.sent),
        "headers": dict(exchange.headers),
        "body": base64.b64encode(_without_secrets(exchange)).decode(),
        "started": _moment(exchange.started),
        "ended": _moment(exchange.ended),
        "redirects": list(exchange.redirects),
        "tls": dict(exchange.tls),
    }


def _without_secrets(exchange: Exchange) -> bytes:
    """The whole body with every secret that was sent with this request masked, in the common ways to write letters."""
    content = exchange.content
    for secret in sorted(exchange.hidden, key=len, reverse=True):
        for encoding in ("utf-8", "latin-1"):
            with suppress(UnicodeEncodeError):
                content = _without(content, secret.encode(encoding))
    return content


def _without(content: bytes, secret: bytes) -> bytes:
    """Without it, nor its beginning where the content ends in the middle of it, as what we stop reading may."""
    content = content.replace(secret, b"***")
    for length in range(len(secret) - 1, masking.SHORTEST - 1, -1):
        if content.endswith(secret[:length]):
            return content[:-length] + b"***"
    return content


def _from_json(line: dict[str, Any], spool: Path) -> Exchange:
    content = base64.b64decode(line.pop("body"))
    window = line.pop("window")
    file = None
    if len(content) > EXCERPT:
        file = spool / f"replay-{line['number']}"
        file.write_bytes(content)
    for name in ("started", "ended"):
        line[name] = datetime.fromisoformat(line[name])
    return Exchange(
        **{**line, "redirects": tuple(line["redirects"])},
        window=None if window is None else Window(*map(datetime.fromisoformat, window)),
        body=content[:EXCERPT],
        file=file,
    )


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
