"""What engines that know the types of columns before they read a row remember of them."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from halfopen.sources.base import Column, Selection

T = TypeVar("T")

KEPT_SECONDS: Final = 300.0
"""How long the types of columns are trusted; a query that fails makes them forgotten at once."""


@dataclass(frozen=True, slots=True)
class Types(Generic[T]):
    """Types by expression; `other` is that of any that was not asked for. taken_at: on the monotonic clock."""

    by_sql: dict[str, T]
    other: T
    taken_at: float

    def __getitem__(self, sql: str) -> T:
        return self.by_sql.get(sql, self.other)

    def refusals(self, selection: Selection, refusal: Callable[[Column, T], str]) -> dict[str, str]:
        """Columns whose values have no form on the wire, and why; `refusal` tells it of one, "" where it has one."""
        found = {column.name: refusal(column, self[column.sql]) for column in selection.columns}
        return {column: why for column, why in found.items() if why}

    @property
    def are_old(self) -> bool:
        """Whether they should be looked up again."""
        return time.monotonic() - self.taken_at > KEPT_SECONDS


class Kept(Generic[T]):
    """The types of selections; used by several threads."""

    def __init__(self, other: T) -> None:
        self._other = other
        self._known: dict[Selection, Types[T]] = {}
        self._lock = threading.Lock()

    def types(self, selection: Selection, ask: Callable[[Sequence[str]], Sequence[T]]) -> Types[T]:
        """The types of all that a selection names; `ask` tells those of expressions over its relation."""
        now = time.monotonic()
        with self._lock:
            known = self._known.get(selection)
        if known is None or known.are_old:
            wanted = selection.expressions
            known = Types(dict(zip(wanted, ask(wanted), strict=True)), self._other, now)
            with self._lock:
                self._known[selection] = known
        return known

    def forget(self, selection: Selection) -> None:
        """Asks the types anew next time: a column may have been changed, or the file replaced."""
        with self._lock:
            self._known.pop(selection, None)
