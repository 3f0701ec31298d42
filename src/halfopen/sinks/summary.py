"""How far a mirror has come, from what its ledger gives."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from halfopen.contract.load import NAMES
from halfopen.sinks.base import Hole, Progress
from halfopen.window.coverage import Coverage

Name = tuple[str, str]


def progress_of(passes: Mapping[int, Coverage], holes: tuple[Hole, ...]) -> Progress:
    """The progress of one feed; `passes` is what is covered by each pass, 0 the first asks."""
    committed = passes.get(0, Coverage())
    return Progress(
        committed=committed,
        reread={rung: covered for rung, covered in passes.items() if rung},
        holes=holes,
        started=_started(committed),
    )


def status_of(
    counts: Mapping[Name, tuple[int, int]],
    held: Mapping[Name, int],
    rows: Mapping[Name, int],
    committed_of: Callable[[str, str], Coverage],
) -> dict[str, Any]:
    """The status of all feeds, by product and feed; `counts` are holes and late rows."""
    products: dict[str, Any] = {}
    for product, feed in sorted({*counts, *held, *rows}, key=_in_order):
        committed = committed_of(product, feed)
        started = _started(committed)
        holes, late = counts.get((product, feed), (0, 0))
        products.setdefault(product, {"feeds": {}})["feeds"][feed] = {
            "watermark": committed.watermark(started) if started else None,
            "frontier": committed.frontier,
            "holes": holes,
            "quarantined": held.get((product, feed), 0),
            "late": late,
            "rows": rows.get((product, feed), 0),
        }
    return {"products": products}


def _started(committed: Coverage) -> datetime | None:
    return next((window.start for window in committed), None)


def _in_order(name: Name) -> tuple[str, int]:
    product, feed = name
    return product, NAMES.index(feed) if feed in NAMES else len(NAMES)
