import pytest

from halfopen.config.dialect import PLAIN, read_dialect, section_of
from halfopen.errors import ConfigError


def test_no_bytes_are_no_answer_unless_that_is_declared() -> None:
    assert not PLAIN.empty_body
    assert not read_dialect({}, "d").empty_body
    assert read_dialect({"empty_body": True}, "d").empty_body
    with pytest.raises(ConfigError, match=r"^d: .*empty_body"):
        read_dialect({"empty_body": "yes"}, "d")


@pytest.mark.parametrize(
    ("product", "section"),
    [("space-vegas_2", "[products.space-vegas_2.dialect]"), ("vegas.com", '[products."vegas.com".dialect]')],
)
def test_the_section_that_an_error_names(product: str, section: str) -> None:
    assert section_of(product) == section
