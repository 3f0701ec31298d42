"""Figures of self-exclusions."""

from datetime import UTC, datetime, timedelta

import pytest

from halfopen.sync.exclusions import Exclusion, Summary, exclusions, summary

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def one(seconds: float | None, *, initial: bool = False) -> Exclusion:
    stamp = None if seconds is None else NOON - timedelta(seconds=seconds)
    return Exclusion(
        product="p",
        player="u",
        modified_at=stamp,
        window_start=NOON,
        window_end=NOON,
        committed_at=NOON,
        initial=initial,
    )


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    found = summary([one(float(second)) for second in range(200, 0, -1)])
    assert (found.counted, found.p50, found.p99, found.most) == (200, 100.0, 198.0, 200.0)
    assert str(found) == "200 self-exclusions: p50 100.0 s, p99 198.0 s, max 200.0 s"
    assert summary([one(7)]) == Summary(counted=1, initial=0, p50=7.0, p99=7.0, most=7.0)


def test_what_is_older_than_the_mirror_or_has_no_stamp_is_not_counted() -> None:
    found = summary([one(3), one(1e7, initial=True), one(None)])
    assert (found.counted, found.initial, found.most) == (1, 1, 3.0)
    assert str(summary([one(9, initial=True)])) == "no self-exclusion, 1 older than this mirror"


@pytest.mark.parametrize("as_text", [True, False])
async def test_lines_are_read_from_the_mirror_and_from_the_socket(as_text: object) -> None:
    moments = [datetime(2026, 3, 1, 12, 0, n) for n in range(4)]  # noqa: DTZ001 - as a mirror has them
    asked = []

    async def query(sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
        asked.append(sql)
        values = [str(moment) if as_text else moment for moment in moments]
        return [], [("p", "u", *values, False)]

    [found] = await exclusions(query, ["p'"], NOON, NOON + timedelta(hours=1))
    assert (found.seconds, found.modified_at) == (3.0, NOON)
    assert "product IN ('p''')" in asked[0]
    assert "committed_at >= TIMESTAMP '2026-03-01 12:00:00'" in asked[0]
    assert "committed_at < TIMESTAMP '2026-03-01 13:00:00'" in asked[0]
