"""`[mirror]`: the key that login tokens are encrypted with."""

from pathlib import Path

import pytest

from halfopen.config.mirror import read_mirror
from halfopen.errors import ConfigError

DATABASE = {"database": "duckdb:///mirror.duckdb"}


def test_a_key_may_be_left_out() -> None:
    assert read_mirror(DATABASE, Path(), "mirror").secret_key is None
    assert read_mirror({**DATABASE, "secret_key": 16 * "k"}, Path(), "mirror").secret_key == 16 * "k"


@pytest.mark.parametrize("key", ["", "s3cret", 15 * "k"])
def test_a_key_that_is_too_short_is_refused_without_telling_it(key: str) -> None:
    with pytest.raises(ConfigError, match=r"mirror\.secret_key: needs 16 characters") as refused:
        read_mirror({**DATABASE, "secret_key": key}, Path(), "mirror")
    assert not key or key not in str(refused.value)
