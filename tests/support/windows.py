"""Windows and sets of windows for property tests, near one another so that they meet often."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from halfopen.window.coverage import Coverage
from halfopen.window.window import Window

NOON = datetime(2020, 10, 10, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SPAN_SECONDS = 60


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def window(start: float, end: float) -> Window:
    return Window(at(start), at(end))


def seconds_of(windows: "Coverage | list[Window]") -> set[int]:
    """The naive model: every second on its own."""
    return {
        second
        for each in windows
        for second in range(int((each.start - NOON) / SECOND), int((each.end - NOON) / SECOND))
    }


windows = st.tuples(st.integers(0, SPAN_SECONDS), st.integers(0, SPAN_SECONDS)).map(lambda ends: window(*sorted(ends)))
coverages = st.lists(windows, max_size=12).map(Coverage.of)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
spans = st.tuples(moments, st.timedeltas(timedelta(0), timedelta(hours=3))).map(lambda s: Window(s[0], s[0] + s[1]))
steps = st.timedeltas(timedelta(minutes=2), timedelta(days=2))
