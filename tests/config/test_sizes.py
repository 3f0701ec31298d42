import pytest

from halfopen.config.sizes import parse
from halfopen.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (0, 0),
        (17, 17),
        ("17", 17),
        ("17B", 17),
        ("500MB", 500_000_000),
        ("2GiB", 2 << 30),
        ("1 KiB", 1024),
        ("3kB", 3000),
        ("1TiB", 1 << 40),
        ("4G", 4_000_000_000),
    ],
)
def test_sizes(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", "GB", "-1", -1, True, 1.5, "1.5GB", "2 gibibytes", None])
def test_what_is_no_size(text):
    with pytest.raises(ConfigError, match="needs a size"):
        parse(text)
