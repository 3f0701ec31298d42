r"""A database's CSV, whose lines end with \n, with the wire's line ends.

A \n within quotes must stay. A quote stands in such CSV only around a field or doubled within one, so that the text
between quotes number 2n and 2n+1 is outside of all fields' quotes: split there, replace, join, all at C's speed.
"""

from typing import Final

_NEITHER: Final = bytes(byte for byte in range(256) if byte not in b'"\n')


def crlf(block: bytes) -> tuple[bytes, int]:
    """Whole rows with the wire's line ends, and how many they are."""
    # A bytearray's own methods take half as long again.
    block = bytes(block)
    marks = block.translate(None, _NEITHER) if b'"' in block else block
    if b'"' not in marks.replace(b'""', b""):
        # Every line has an even number of quotes, so that no line ends within them: three times as fast as to split.
        return block.replace(b"\n", b"\r\n"), marks.count(b"\n")
    parts = block.split(b'"')
    # Nothing outside of quotes holds a NUL, so that it can stand for the fields in quotes meanwhile.
    outside = b"\0".join(parts[::2])
    parts[::2] = outside.replace(b"\n", b"\r\n").split(b"\0")
    return b'"'.join(parts), outside.count(b"\n")
