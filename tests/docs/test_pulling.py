"""Every setting of the CRM's side is in its document, and nothing else is."""

import re
from pathlib import Path

import msgspec
import pytest

from halfopen.auth.schemes import names
from halfopen.config.load import load
from halfopen.config.mirror import MirrorConfig
from halfopen.config.product import ProductConfig

TEXT = (Path(__file__).parents[2] / "docs" / "pulling.md").read_text(encoding="utf-8")


def rows(heading):
    section = TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "record", "derived"),
    [("[mirror]", MirrorConfig, {"sink"}), ("[products.NAME]", ProductConfig, {"name"})],
)
def test_every_key_has_a_row(heading, record, derived):
    keys = [field.name for field in msgspec.structs.fields(record) if field.name not in derived]
    assert rows(heading) == keys


def test_every_scheme_has_a_row():
    assert sorted(rows("Signing in")) == sorted(names())


def test_the_example_is_read(tmp_path):
    path = tmp_path / "halfopen.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)[1], encoding="utf-8")
    assert load(path, {"SPACEVEGAS_PASSWORD": "x"}).products["spacevegas"].url == "https://space-vegas.com"
