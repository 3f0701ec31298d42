"""Every setting, metric and page of the operator's side is in its document, and nothing else is."""

import inspect
import re
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from halfopen.cli.serve import serve
from halfopen.config.load import load
from halfopen.config.serve import Actions, CustomField, FeedMapping, Limits, Rollup, ServeConfig, Tls
from halfopen.serve.metrics import Metrics
from halfopen.serve.seal.telling import Telling
from halfopen.serve.server import silent

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    return TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize(
    ("heading", "record", "derived"),
    [
        ("[serve]", ServeConfig, {"source", "store"}),
        ("[serve.limits]", Limits, set()),
        ("[serve.tls]", Tls, set()),
        ("[serve.feeds.FEED]", FeedMapping, set()),
        ("custom", CustomField, set()),
        ("actions", Actions, set()),
        ("rollup", Rollup, set()),
    ],
)
def test_every_key_has_a_row(heading, record, derived):
    keys = [field.name for field in msgspec.structs.fields(record) if field.name not in derived]
    assert re.findall(r"^\| `(\w+)` \|", section(heading), re.MULTILINE) == keys


def test_every_metric_has_a_row():
    metrics = Metrics()
    Telling(silent(), metrics)
    told = set(re.findall(r"`(halfopen_\w+)`", section("Metrics")))
    counted = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(metrics.text().decode())
        if family.name.startswith("halfopen_")
    }
    assert told == counted


def test_the_example_is_read(tmp_path):
    path = tmp_path / "halfopen.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)[1], encoding="utf-8")
    config = load(path, {"FEED_PASSWORD": "x"}).needed_serve()
    assert config.feeds["transactions"].minor_units == {"amount": 100}


def test_what_it_points_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (ROOT / "docs" / target).exists(), target


@pytest.mark.parametrize("file", ["Dockerfile", "examples/halfopen-serve.service"])
def test_the_files_to_run_it_use_options_that_there_are(file):
    lines = [line for line in (ROOT / file).read_text(encoding="utf-8").splitlines() if "halfopen.toml" in line]
    used = {word for line in lines if not line.startswith("#") for word in re.findall(r"--([a-z][a-z-]+)", line)}
    assert "config" in used
    assert used <= {name.replace("_", "-") for name in inspect.signature(serve).parameters}
