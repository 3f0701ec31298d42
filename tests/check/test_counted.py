"""Counts in sentences."""

from halfopen.check.counted import counted


def test_one_is_one() -> None:
    assert counted(1, "row") == "1 row"
    assert counted(0, "row") == "0 rows"
    assert counted(1234, "row is", "rows are") == "1,234 rows are"
