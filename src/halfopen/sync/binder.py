"""Binds the pages of a window into one answer: one file, one digest, one header row."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from halfopen.errors import BodyError, SinkError
from halfopen.sync import bodies
from halfopen.sync.fetched import Fetched
from halfopen.sync.refusal import Refusal
from halfopen.sync.transfer import BLOCK
from halfopen.wire import csv
from halfopen.wire.negotiate import Format

_OK = 200


class Binder:
    """Takes prepared pages one after another; `body` is the file that they go into."""

    def __init__(self, body: Path) -> None:
        self._body = body
        self._pages: list[Fetched] = []
        self._format: Format | None = None
        self._header: list[str | None] = []
        self._digest = hashlib.sha256()
        self.size = 0
        """Bytes of all pages, as they were received."""

    def add(self, page: Fetched) -> int:
        """Take a page; how many rows it had.

        Raises:
            Refusal: it is of another format than those before, or has another header row.
            SinkError: there is no room for it.
        """
        count = bodies.rows(page.body, page.format)
        self.size += page.size
        self._digest.update(bytes.fromhex(page.digest))
        try:
            with self._body.open("ab" if self._pages else "wb") as out:
                if page.size:
                    self._append(page, out)
        except OSError as error:
            raise SinkError(f"cannot spool an answer to {self._body}: {error.strerror}; make room there") from None
        self._pages.append(page)
        return count

    def bound(self) -> Fetched:
        """All of it as one answer, as old as its first request."""
        first, last = self._pages[0], self._pages[-1]
        return replace(
            first,
            body=self._body,
            format=self._format or first.format,
            size=self.size,
            digest=first.digest if len(self._pages) == 1 else self._digest.hexdigest(),
            fetched_at=last.fetched_at,
            notes=tuple(dict.fromkeys(note for page in self._pages for note in page.notes)),
            requests=1 + sum(page.requests - 1 for page in self._pages),
            final=all(page.final for page in self._pages),
        )

    def _append(self, page: Fetched, out: BinaryIO) -> None:
        if self._format not in {None, page.format}:
            raise self._refusal(f"is {page.format} and those before it are {self._format}")
        with page.body.open("rb") as rows:
            if page.format is Format.CSV:
                self._pass_header(page, rows)
            self._format = page.format
            shutil.copyfileobj(rows, out, BLOCK)
            if rows.tell():
                rows.seek(-1, 2)
                if rows.read() != b"\n":
                    out.write(b"\r\n")

    def _pass_header(self, page: Fetched, rows: BinaryIO) -> None:
        """Leave the header row out of every page but the first."""
        try:
            header = next(csv.read(bodies.blocks(page.body)), [])
        except BodyError as error:
            raise self._refusal(f"has no header row: {error}") from None
        if self._format is None:
            self._header = header
            return
        if header != self._header:
            raise self._refusal("has another header row than those before it")
        record = b""
        while line := rows.readline():
            record += line
            if record.count(b'"') % 2 == 0:
                return

    def _refusal(self, what: str) -> Refusal:
        return Refusal(f"page {len(self._pages) + 1} {what}", status=_OK)
