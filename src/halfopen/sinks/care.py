"""What is done to every staged answer before anything looks at its rows: tokens are sealed, the forgotten let fall."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from halfopen.sinks.base import Answer
from halfopen.sinks.graves import Graves
from halfopen.sinks.stage import Staged
from halfopen.sinks.tokens import Vault, protect, secret_fields


@dataclass(frozen=True, kw_only=True)
class Care:
    """The key for credentials, if there is one, and who was forgotten."""

    vault: Vault | None = None
    graves: Graves = field(default_factory=Graves)

    def take(self, connection: duckdb.DuckDBPyConnection, answer: Answer, staged: Staged) -> Staged:
        """The answer as it may go on; its table is changed in place."""
        protect(connection, answer, staged, self.vault)
        return self.graves.let_fall(connection, answer, staged)

    def needed(self, answers: Iterable[Answer]) -> set[tuple[str, str]]:
        """Products and feeds of those answers that `take` may change, so that each has to be staged by itself."""
        return {
            (answer.product, answer.feed.name)
            for answer in answers
            if (self.vault is not None and secret_fields(answer.feed))
            or self.graves.concern(answer.product, answer.feed)
        }


NO_CARE = Care()
