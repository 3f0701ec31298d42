"""What a body shows; what is no table is no answer, and never a traceback."""

import pytest

from halfopen.contract.load import feed
from halfopen.sync.probe.look import look


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf", b"\n", b" ", b"sorry", b"x" * 200_000, b"id,x\n" + b"y" * 200_000])
def test_what_is_no_table_is_none(body: bytes) -> None:
    assert look(body, feed("players")) is None


def test_a_header_alone_is_a_table_without_rows() -> None:
    found = look(b"id;username\r\n", feed("players"))
    assert found is not None
    assert (found.delimiter, found.columns, found.rows) == (";", ("id", "username"), [])
