"""Time, compressed: a minute of the product passes in a few seconds of the machine."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Scale:
    """`factor` seconds of the product pass in one real second. ValueError where a minute is no whole seconds then."""

    factor: int

    def __post_init__(self) -> None:
        if self.factor < 1 or _MINUTE % self.factor:
            raise ValueError(f"found a scale of {self.factor}, needs a divisor of 60: windows are whole seconds")

    @property
    def window(self) -> timedelta:
        """Real length of a minute of the product."""
        return timedelta(seconds=_MINUTE // self.factor)

    def real(self, seconds: float) -> float:
        """Real seconds of so many seconds of the product."""
        return seconds / self.factor

    def product(self, seconds: float) -> float:
        """Seconds of the product in so many real seconds."""
        return seconds * self.factor

    def floor(self, moment: float) -> datetime:
        """Start of the window that holds `moment`, in real seconds since the epoch."""
        length = int(self.window.total_seconds())
        return datetime.fromtimestamp(int(moment) // length * length, UTC)
