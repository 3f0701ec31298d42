"""The page in a real browser, wide and on a phone; the terminal's report at 80 columns."""

import io
import re

import pytest
from rich.console import Console

from halfopen.check.report import html, terminal
from support.chromium import chromium
from support.reported import report_of_a_check

PHONE = 390
PROBE = """<script>addEventListener("load", () => document.title = JSON.stringify({
  width: document.documentElement.scrollWidth, seen: innerWidth,
  matrix: document.querySelector(".matrix").getBoundingClientRect().right,
  rows: document.querySelectorAll(".matrix tr").length,
  roots: document.querySelectorAll("article").length, loaded: performance.getEntriesByType("resource").length}))
</script></body>"""


@pytest.mark.parametrize("width", [1280, PHONE])
async def test_nothing_sticks_out_and_nothing_is_fetched(width, tmp_path):
    page = tmp_path / "report.html"
    page.write_text(html.render(report_of_a_check()).replace("</body>", PROBE), encoding="utf-8")
    # Chromium's own window is never narrower than 500 px, a frame is.
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id="f" src="report.html" style="width:{width}px;height:900px;border:0"></iframe><script>'
        'f.onload = () => setTimeout(() => document.body.dataset.told = f.contentDocument.title, 300)</script>'
    )  # fmt: skip
    dom = await chromium(
        tmp_path, frame.as_uri(), "--dump-dom", "--allow-file-access-from-files", "--virtual-time-budget=3000"
    )
    told = {name: float(value) for name, value in re.findall(r"&quot;(\w+)&quot;:([\d.]+)", dom)}
    assert told["seen"] == width
    assert told["width"] <= width
    assert told["matrix"] <= width
    assert told["rows"] == 15
    assert told["roots"] == 2
    assert told["loaded"] == 0


def test_the_page_has_no_script_and_no_address_to_fetch():
    page = html.render(report_of_a_check())
    assert "<script" not in page
    assert not re.search(r"<(?:img|link|iframe|object|embed)\b|\bsrc=|url\(|@import", page)


def test_the_page_says_first_how_many_findings_there_are():
    page = html.render(report_of_a_check())
    assert re.search(r'id="verdict">.*1 MUST.*1 SHOULD.*0 INFO', page)


@pytest.mark.parametrize("width", [80, 200])
def test_the_matrix_fits_the_terminal(width):
    told = io.StringIO()
    terminal.render(report_of_a_check(), Console(file=told, width=width))
    lines = told.getvalue().splitlines()
    rows = [line for line in lines if line.startswith(("feed ", "players ", "as a whole"))]
    assert len(rows) == 3
    assert max(map(len, rows)) <= width
    assert ("MUST" in rows[1]) == (width == 200)
