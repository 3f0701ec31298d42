"""`--redact` leaves no identifier readable, in whatever way a product is wrong."""

import re
from pathlib import Path

import pytest

from halfopen.check import engine, recording
from halfopen.check.observe import Observer
from halfopen.cli.main import run
from halfopen.contract.load import feeds
from halfopen.demo import faults
from halfopen.demo.faults import caller

SHORTEST = 6
"""Characters; a shorter identifier stands in a stamp or a count by chance."""


def identifiers(file: Path, folder: Path) -> set[str]:
    """Everything that the rows of a recording call themselves, a player or any other row."""
    how, exchanges = recording.read(file, folder)
    observer = Observer(how.product.columns)
    found: set[str] = set()
    for exchange in exchanges:
        fields = feeds()[exchange.feed or ""].fields
        names = [name for name, field in fields.items() if field.refers_to]
        for row in observer.observe(exchange).rows:
            found |= {text for text in (row.key, *map(row.text, names)) if text and len(text) >= SHORTEST}
    return found


@pytest.mark.parametrize(
    "name",
    ["numbers_begin_again", "ghost_wallets", "upper_inclusive", "sums_of_the_window"],
)
def test_no_identifier_is_left(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "recording"
    with faults.serving(name) as served:
        file = tmp_path / "halfopen.toml"
        file.write_text(caller.toml(type(served.product), served.url), encoding="utf-8")
        words = ["--config", str(file), "--product", caller.NAME, "--watch", "0s", "--rate", "500"]
        run(["check", *words, "--record", str(kept)])
    known = identifiers(kept, tmp_path)
    told = {redact: evidence(kept, redact=redact) for redact in (False, True)}
    assert known & told[False], "this product's evidence names no row: it proves nothing"
    assert not known & told[True]
    capsys.readouterr()


def evidence(kept: Path, *, redact: bool) -> set[str]:
    """All the words of the findings."""
    report = engine.replayed(kept, engine.Options(redact=redact))
    return {
        word
        for finding in report.findings
        for text in (*finding.samples, finding.text, finding.request)
        for word in re.findall(r"[\w.-]+", text)
    }
