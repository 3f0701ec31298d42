"""What a feed does wrong with windows, in one sentence; and the words in which that is found out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from halfopen.check.observe import Observation
from halfopen.check.story import Extra, Loss
from halfopen.window.window import Window, ceil, floor

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cause:
    """What a feed does wrong with windows: a rule's code, one sentence, and the answers that show it."""

    code: str
    text: str
    shown: tuple[Extra | Loss, ...]

    @property
    def observation(self) -> Observation:
        """The first answer that shows it."""
        return self.shown[0].observation


def window_of(observation: Observation) -> Window:
    """The window that was asked for; answers to anything else are in no story."""
    window = observation.window
    assert window is not None  # noqa: S101 - a story holds no other answers
    return window


def answers_of(found: Iterable[Extra | Loss]) -> list[Observation]:
    """The answers in which these rows stand, or are missing, each once."""
    return list({id(one.observation): one.observation for one in found}.values())


def outward(window: Window, step: timedelta) -> Window:
    """The window that ends on whole steps and holds this one."""
    return Window(floor(window.start, step), ceil(window.end, step))


def downward(window: Window, step: timedelta) -> Window:
    """The window with the unfinished steps of both its bounds cut off; it may be empty."""
    return Window(floor(window.start, step), floor(window.end, step))


def inward(window: Window, step: timedelta) -> Window:
    """The widest window in this one that ends on whole steps."""
    start = ceil(window.start, step)
    return Window(start, max(floor(window.end, step), start))


def days_of(window: Window) -> Window:
    """The days of both bounds, that of `to` with its end: also where `to` is a midnight, as just after one."""
    return Window(day_of(window.start), day_of(window.end) + DAY)


def day_of(moment: datetime) -> datetime:
    """The midnight, in UTC, that a moment's day begins with."""
    return floor(moment, DAY)


def is_aligned(window: Window) -> bool:
    """Whether both bounds are whole minutes."""
    return floor(window.start, MINUTE) == window.start and floor(window.end, MINUTE) == window.end
