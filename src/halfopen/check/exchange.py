"""One request and its answer as they were, without secrets; a recording is a file of them, for `--replay`."""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from halfopen.errors import UsageError
from halfopen.window.window import Window

EXCERPT = 4096
"""Bytes of a body that an exchange itself holds; the rest is in its file."""
_SCHEMA = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One GET and what came back.

    number: counts from 1 in the order of asking. feed: None for a request that is about no feed. probe: why it was
    asked (`minute`, `hour`, `cut`, ...). window: None where the query holds no readable window. credentials: `right`,
    `none` or `wrong`. url and sent: with `$NAME` in place of every secret. status: None when no response began.
    headers: names in lower case. body: the first `EXCERPT` bytes, decoded. file: the whole decoded body, when it is
    longer. size: bytes of the decoded body that were read; wire_size: bytes as received. cut: we stopped reading.
    started, ended: aware UTC by our clock. error: what broke between here and the product, or why the body could not
    be decoded; error_code: its rule. echoed: where a secret that was sent came back. final: the product says that
    the window was over.
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
        """A command line that asks the same, with secrets as shell variables."""
        words = ["curl", "-sS"]
        for name, value in self.sent.items():
            if name.lower() == "authorization" and value.startswith("Basic "):
                words.append(f'-u "{value.removeprefix("Basic ")}"')
            elif name.lower() not in {"accept-encoding", "user-agent"}:
                words.append(f'-H "{name}: {value}"')
        if "accept-encoding" in {name.lower() for name in self.sent}:
            words.append("--compressed")
        return " ".join([*words, f'"{self.url}"'])


def write_recording(path: Path, target: str, exchanges: Iterable[Exchange]) -> None:
    """Write a recording: gzipped lines of JSON, the first of which names the target; it holds whole bodies."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=6) as file:
        file.write(json.dumps({"schema": _SCHEMA, "target": target}) + "\n")
        for exchange in exchanges:
            file.write(json.dumps(_to_json(exchange)) + "\n")


def read_recording(path: Path, spool: Path) -> tuple[str, list[Exchange]]:
    """The target and the exchanges of a recording; long bodies are put into files in the folder `spool`.

    Raises:
        UsageError: the file is no recording.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            head = json.loads(file.readline())
            if head.get("schema") != _SCHEMA:
                raise UsageError(f"{path}: is a recording of schema {head.get('schema')!r}, needs {_SCHEMA}")
            return head["target"], [_from_json(json.loads(line), spool) for line in file]
    except (OSError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UsageError(f"{path}: is no recording of a check ({error}); make one with --record FILE") from None


def _to_json(exchange: Exchange) -> dict[str, Any]:
    window = exchange.window
    return {
        "number": exchange.number,
        "feed": exchange.feed,
        "probe": exchange.probe,
        "window": None if window is None else [_moment(window.start), _moment(window.end)],
        "credentials": exchange.credentials,
        "method": exchange.method,
        "url": exchange.url,
        "sent": dict(exchange.sent),
        "status": exchange.status,
        "headers": dict(exchange.headers),
        "body": base64.b64encode(exchange.content).decode(),
        "size": exchange.size,
        "wire_size": exchange.wire_size,
        "cut": exchange.cut,
        "started": _moment(exchange.started),
        "ended": _moment(exchange.ended),
        "error": exchange.error,
        "error_code": exchange.error_code,
        "echoed": exchange.echoed,
        "redirects": list(exchange.redirects),
        "tls": dict(exchange.tls),
    }


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
