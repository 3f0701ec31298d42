"""What is known of a mirror without asking it, because nobody else writes it while it is our turn."""

from collections.abc import Sequence

from halfopen.contract.load import NAMES
from halfopen.sinks import ledger
from halfopen.sinks.base import Answer
from halfopen.sinks.drift import Watch
from halfopen.sinks.findings import held_at
from halfopen.sinks.ledger_lines import Outcome
from halfopen.sinks.postgresql.link import Session
from halfopen.window.coverage import Coverage

Name = tuple[str, str]
"""Of a product and of a feed."""


class Remembered:
    """Each thing is read when it is first wanted. `is_ours`: False where somebody else writes, and counts go stale."""

    _rows: dict[Name, int] | None
    _held: set[Name] | None
    _owing: set[Name] | None
    _coverage: dict[Name, dict[int, Coverage]]

    def __init__(self, *, is_ours: bool) -> None:
        self._is_ours = is_ours
        self.watch = Watch()
        self.forget()

    def forget(self) -> None:
        """Nothing of it can be relied on any more."""
        self._rows = None
        self._held = None
        self._owing = None
        self._coverage = {}
        self.watch.forget()

    def rows(self, session: Session) -> dict[Name, int]:
        """How many rows are stored."""
        if self._rows is None or not self._is_ours:
            self._rows = ledger.rows_stored(session, NAMES)
        return self._rows

    def held(self, session: Session) -> set[Name]:
        """Which feeds have rows in quarantine."""
        if self._held is None:
            self._held = set(held_at(session))
        return self._held

    def owing(self, session: Session) -> set[Name]:
        """Which feeds have holes."""
        if self._owing is None:
            self._owing = ledger.owing(session)
        return self._owing

    def passes(self, session: Session, product: str, feed: str) -> dict[int, Coverage]:
        """What each pass has covered."""
        if (product, feed) not in self._coverage or not self._is_ours:
            self._coverage[product, feed] = ledger.coverage(session, product, feed)
        return self._coverage[product, feed]

    def inserted(self, name: Name, count: int) -> None:
        """So many rows more are stored."""
        if self._rows is not None:
            self._rows[name] = self._rows.get(name, 0) + count

    def failed(self, name: Name) -> None:
        """A feed has a hole."""
        if self._owing is not None:
            self._owing.add(name)

    def stored(self, answers: Sequence[Answer], outcomes: Sequence[Outcome], held: set[Name], full: set[Name]) -> None:
        """What came of answers; `held`: all feeds with rows in quarantine now, `full`: those without holes now."""
        self._held = held
        self._owing = (self._owing or set()) - full
        for answer, outcome in zip(answers, outcomes, strict=True):
            name = (answer.product, answer.feed.name)
            self.inserted(name, outcome.inserted)
            if name in self._coverage:
                passes = self._coverage[name]
                for rung, part in ((answer.rung, answer.window), *answer.settles):
                    passes[rung] = passes.get(rung, Coverage()).add(part)
