"""What is no row though it stands where rows do."""

import pytest

from halfopen.check.reading import read
from halfopen.contract.load import feed


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("json_not_array", b'[{"message": "no data"}]'),
        ("error_as_200", b'[{"error": "gone", "code": 7}]'),
        (None, b'[{"title": "a row without key or cursor", "amount": 3}]'),
        (None, b'[{"id": "1", "status": "New"}]'),
        (None, b'[{"updated_at": "2026-01-01 07:00:00", "status": "New"}]'),
        (None, b'[{"status": "New"}, {"status": "Fail"}]'),
    ],
)
def test_a_lone_element_of_talk_alone_is_no_row(code: str | None, content: bytes) -> None:
    body = read(content, feed("transactions"), {})
    assert (body.problem.code if body.problem else None) == code
    assert bool(body.rows) is (code is None)
