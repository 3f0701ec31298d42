"""Why a request brought no whole answer."""

from collections.abc import Callable
from datetime import timedelta

from halfopen.errors import ProductError


class Refusal(ProductError):  # noqa: N818 - the word for what a product does, as ValueProblem is for a value
    """One request that brought no whole answer; its text says what was found, and never holds a secret.

    status: the HTTP status, None where no response began. retry_after: what the product asked for. too_big: the
    window is too wide, as far as can be told. narrower: a narrower window may do better (time-out, 413, 5xx, no bytes).
    blank: it answered well, but for the bytes: that tells of one answer and not of the product.
    """

    def __init__(
        self,
        text: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
        too_big: bool = False,
        narrower: bool = False,
        blank: bool = False,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after
        self.too_big = too_big
        self.blank = blank
        self.narrower = narrower or too_big or blank

    def without(self, change: Callable[[str], str]) -> "Refusal":
        """The same with its text changed: where it happened put before it, a secret taken out of it."""
        return Refusal(
            change(str(self)),
            status=self.status,
            retry_after=self.retry_after,
            too_big=self.too_big,
            narrower=self.narrower,
            blank=self.blank,
        )

    @property
    def hopeless(self) -> bool:
        """Whether asking the same again cannot help before a person acts: not let in, or nobody there."""
        return self.status in {None, 401, 403}
