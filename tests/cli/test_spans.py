import pytest

from halfopen.cli.spans import ceiling, moment, span
from halfopen.errors import UsageError
from halfopen.wire.moment import plain


@pytest.mark.parametrize(
    ("words", "edges"),
    [
        (("2026-01-01", "2026-01-02"), ("2026-01-01 00:00:00", "2026-01-02 00:00:00")),
        (("2026-01-01 10:00:00.9", "2026-01-01 10:00:01"), ("2026-01-01 10:00:00", "2026-01-01 10:00:01")),
        (("2026-01-01 10:00:00", "2026-01-01 10:00:00.5"), ("2026-01-01 10:00:00", "2026-01-01 10:00:01")),
        (("2026-01-01 23:59:59", "2026-01-01T23:59:59.000001Z"), ("2026-01-01 23:59:59", "2026-01-02 00:00:00")),
    ],
)
def test_a_second_that_is_named_in_part_is_in_the_span_whole(words: tuple[str, str], edges: tuple[str, str]) -> None:
    found = span(*words)
    assert (plain(found.start), plain(found.end)) == edges
    assert (found.start.microsecond, found.end.microsecond) == (0, 0)


def test_a_span_without_a_second_in_it_is_refused() -> None:
    with pytest.raises(UsageError, match="is not before"):
        span("2026-01-01 10:00:00.5", "2026-01-01 10:00:00")


def test_the_last_second_that_there_is_has_none_after_it() -> None:
    assert plain(ceiling(moment("9999-12-31 23:59:59.5", "--to"))) == "9999-12-31 23:59:59"
