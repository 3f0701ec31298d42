"""The status on one screen: 80 columns and 24 lines, whatever the number of products."""

import io
from typing import Any

import pytest
from rich.console import Console

from halfopen.cli.status_screen import screen
from halfopen.contract.load import NAMES


def feed(**more: Any) -> dict[str, Any]:
    counts = {"holes": 0, "quarantined": 0, "late": 0, "rows": 1_234_567}
    moment = "2026-03-01 12:00:00"
    return {"watermark": moment, "frontier": moment, "lag_seconds": 42.0, **counts, **more}


def of(products: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"products": {name: {"feeds": feeds} for name, feeds in products.items()}}


def shown(
    status: dict[str, Any], limit: float | None = None, allowed: dict[tuple[str, str], float] | None = None
) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=80, color_system=None)
    for part in screen(status, limit, allowed):
        console.print(part)
    return out.getvalue().splitlines()


def test_thirteen_feeds_fit_on_a_screen() -> None:
    lines = shown(of({"spacevegas": {name: feed() for name in NAMES}}))
    assert lines[0] == "1 product, 13 feeds: all whole and nothing owed"
    assert lines[1].split() == ["feed", "whole", "until", "behind", "rows", "late", "quarantined", "holes"]
    assert len(lines) == 15
    assert all("2026-03-01 12:00:00" in line for line in lines[2:])
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("count", [3, 12, 40, 500])
def test_many_products_fit_too_and_what_needs_a_look_is_named(count: int) -> None:
    products = {f"casino-number-{number}": {name: feed() for name in NAMES} for number in range(count)}
    products["casino-number-1"]["wallets"] = feed(holes=3, lag_seconds=7200.0)
    products["casino-number-2"]["players"] = feed(quarantined=5)
    products["casino-number-2"]["logins"] = feed(watermark=None, lag_seconds=None)
    lines = shown(of(products))
    assert len(lines) <= 24
    assert lines[0].startswith(f"{count} products, {13 * count:,} feeds: 1 behind by more than 5 min, 1 with nothing")
    text = "\n".join(lines)
    at = text.index("needs a look")
    for name in ("wallets", "players", "logins"):
        assert name in text[at:]
    if count > 12:
        assert f"{count - 2} other products: {13 * (count - 2)} feeds" in " ".join(text.split())


def test_late_rows_are_told_with_what_others_would_lose() -> None:
    late = {"histogram": [], "advised_offset_seconds": 900.0, "plain_loss": 0.00132}
    lines = shown(of({"vegas": {"wallets": feed(late=1234, lateness=late)}}))
    assert lines[-1].split() == ["vegas", "wallets", "1,234", "0.132", "%", "15", "min"]


def test_a_limit_says_who_is_behind() -> None:
    status = of({"vegas": {"wallets": feed(lag_seconds=42.0)}})
    assert "1 behind by more than 40 s" in shown(status, 40)[0]
    assert "nothing owed" in shown(status, 43)[0]


def test_a_catalogue_is_not_behind_between_two_readings() -> None:
    status = of({"a": {"players": feed(), "bonus_list": feed(lag_seconds=800.0)}})
    out = io.StringIO()
    for part in screen(status, None, {("a", "bonus_list"): 840.0}):
        Console(file=out, width=80, color_system=None).print(part)
    assert "all whole and nothing owed" in out.getvalue()
    assert "1 behind by more than 5 min" in "\n".join(shown(status))


def test_what_is_no_longer_configured_is_shown_and_never_behind() -> None:
    old = feed(lag_seconds=1_000_000.0)
    products = {"vegas": {"players": feed(), "wallets": old}, "reno": {"logins": old}}
    lines = shown(of(products), 60, {("vegas", "players"): 0.0})
    assert lines[0] == "2 products, 3 feeds, 2 no longer pulled: all whole and nothing owed"
    assert [line.split()[4:6] for line in lines[2:]] == [["42", "s"], ["not", "pulled"], ["not", "pulled"]]
    many = {f"casino-{number}": {name: feed() for name in NAMES} for number in range(3)}
    pulled = {(f"casino-{number}", name): 0.0 for number in range(3) for name in NAMES}
    text = "\n".join(shown(of(many | products), 60, pulled))
    assert "needs a look" not in text
    assert [line.split()[4:6] for line in text.splitlines() if line.startswith("reno")] == [["not", "pulled"]]
    slow = {"reno": {"logins": old, "bonus_list": feed(lag_seconds=800.0)}}
    text = "\n".join(shown(of(many | slow), 60, pulled | {("reno", "bonus_list"): 840.0}))
    assert [line.split()[4:6] for line in text.splitlines() if line.startswith("reno")] == [["13", "min"]]
