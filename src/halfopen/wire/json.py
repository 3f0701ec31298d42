"""JSON and NDJSON bodies, both ways: streamed, numbers to the last digit, never through a float."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from halfopen.wire.json_envelope import EnvelopeRows
from halfopen.wire.json_rows import ArrayRows, LineRows, RowFinder

Rows = list[dict[str, object]]
Decode = Callable[[bytes], Rows]


class Number(str):
    """A JSON number that is not a plain integer, as its own text; integers are read as exact ints."""

    __slots__ = ()


_READ_ARRAY: Final[Decode] = msgspec.json.Decoder(Rows, float_hook=Number).decode
_READ_LINES: Final[Decode] = msgspec.json.Decoder(dict[str, object], float_hook=Number).decode_lines
_TEXT_ARRAY: Final[Decode] = msgspec.json.Decoder(Rows, float_hook=str).decode
_TEXT_LINES: Final[Decode] = msgspec.json.Decoder(dict[str, object], float_hook=str).decode_lines
_WRITE: Final = msgspec.json.Encoder(enc_hook=lambda number: msgspec.Raw(number.encode())).encode
_WRITE_LINES: Final = msgspec.json.Encoder().encode_lines


def read(blocks: Iterable[bytes], path: Sequence[str] = (), *, ndjson: bool = False) -> Iterator[Rows]:
    """Read the rows of a body, in batches of what each block completed; numbers are `int` or `Number`, never float.

    Args:
        blocks: the body, cut anywhere; UTF-8, a leading BOM is dropped.
        path: names down to the array in an envelope, such as `("data", "items")`.
        ndjson: one object a line instead of an array.

    Raises:
        BodyError: the body is broken, not whole, or not of rows; says at which byte.
    """
    finder: RowFinder[Rows]
    if ndjson and not path:
        finder = LineRows(_READ_LINES)
    else:
        finder = EnvelopeRows(_READ_ARRAY, path) if path else ArrayRows(_READ_ARRAY)
    return finder.over(blocks)


def text_lines(blocks: Iterable[bytes], path: Sequence[str] = (), *, ndjson: bool = False) -> Iterator[bytes]:
    """Rewrite a body as NDJSON of texts; see `TextLines`, which also tells the columns."""
    return TextLines(path, ndjson=ndjson).over(blocks)


class TextLines:
    """Rewrites a body as NDJSON in which every value is a JSON text or null, for a reader of VARCHAR columns.

    Numbers keep their digits, booleans become `true` and `false`, arrays of scalars `a, b`, any other value its own
    JSON text. Half an emoji (a lone surrogate escape) becomes U+FFFD. Arguments as for `read`; `change` may rewrite
    each batch of rows in place, when all its values are texts or null.

    Attributes:
        rows: count of rows so far.
    """

    def __init__(
        self, path: Sequence[str] = (), *, ndjson: bool = False, change: Callable[[Rows], None] | None = None
    ) -> None:
        self.rows = 0
        self._change = change
        self._columns: dict[str, None] = {}
        self._shape: tuple[str, ...] = ()
        self._nested = False
        self._finder: RowFinder[bytes]
        if path:
            self._finder = EnvelopeRows(lambda array: self._rewritten(array, _TEXT_ARRAY, _READ_ARRAY), path)
        elif ndjson:
            self._finder = LineRows(lambda lines: self._rewritten(lines, _TEXT_LINES, _READ_LINES))
        else:
            self._finder = ArrayRows(lambda array: self._rewritten(array, _TEXT_ARRAY, _READ_ARRAY))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the values seen so far, in the order in which they first came."""
        return tuple(self._columns)

    @property
    def document(self) -> dict[str, Any]:
        """What the envelope says besides the rows, once the body has ended; empty where there is none."""
        return self._finder.document if isinstance(self._finder, EnvelopeRows) else {}

    def over(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Give a whole body rewritten, in blocks of whole lines.

        Raises:
            BodyError: the body is broken, not whole, or not of rows; says at which byte.
        """
        return self._finder.over(blocks)

    def feed(self, block: bytes) -> bytes:
        """Take the next block of the body; gives the lines that it completed.

        Raises:
            BodyError: as `over`.
        """
        return b"".join(self._finder.feed(block))

    def finish(self) -> bytes:
        """Take the end of the body; gives the last lines.

        Raises:
            BodyError: as `over`.
        """
        return b"".join(self._finder.finish())

    def _rewritten(self, text: bytes, decode: Decode, decode_exactly: Decode) -> bytes:
        """Rewrite rows; only those with values inside of values pay for telling numbers from texts in there."""
        if not self._nested:
            try:
                return self._written(decode(text), exact=False)
            except _NestedError:
                self._nested = True
        return self._written(decode_exactly(text))

    def _written(self, rows: Rows, *, exact: bool = True) -> bytes:
        """Turn every value into text, in place, and write the lines."""
        shape = self._shape
        for row in rows:
            for name, value in row.items():
                if value.__class__ is not str and value is not None:
                    row[name] = _as_text(value, exact=exact)
            if (names := tuple(row)) != shape:
                self._columns.update(dict.fromkeys(names))
                shape = names
        self._shape = shape
        self.rows += len(rows)
        if self._change is not None:
            self._change(rows)
        return _WRITE_LINES(rows)


class ArrayFramer:
    """Turns blocks of row texts, each ended by a newline, into the body of a JSON array; blocks may be cut anywhere."""

    def __init__(self) -> None:
        self._before = b"["
        self._held = b""

    def feed(self, lines: bytes) -> bytes:
        """Take some lines; gives the bytes to send."""
        if not lines:
            return b""
        text = self._held + lines
        self._held = b"\n" if text.endswith(b"\n") else b""
        out = self._before + text.removesuffix(b"\n").replace(b"\n", b",\n")
        self._before = b""
        return out

    def finish(self) -> bytes:
        """Give the end of the body."""
        return self._before + b"]\n"


def encode_row(row: Mapping[str, object]) -> bytes:
    """Write one row as JSON, without a newline: decimals and `Number` as plain numbers with all their digits.

    Raises:
        TypeError: a float, which has no digits of its own, or another type that JSON lacks.
        ValueError: a decimal that is no number.
    """
    return _WRITE({name: _for_json(value) for name, value in row.items()})


class _NestedError(Exception):
    """A value lies inside of a value, where numbers must be told from texts."""


def _as_text(value: object, *, exact: bool) -> str:
    """Write a value that is neither text nor null as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ", ".join(item if item.__class__ is str else _as_text(item, exact=exact) for item in value)
    if not exact:
        raise _NestedError
    return _WRITE(value).decode()


def _for_json(value: object) -> object:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no number that JSON can hold")
        return msgspec.Raw(format(value, "f").encode())
    if isinstance(value, float):
        raise TypeError(f"{value!r} is a float: give a Decimal, whose digits are its own")
    if isinstance(value, list | tuple):
        return [_for_json(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _for_json(item) for name, item in value.items()}
    return value
