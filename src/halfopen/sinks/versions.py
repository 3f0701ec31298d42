"""What a mirror's own tables were and are: numbered steps that bring an older mirror forward when it is opened.

All of it is SQL that DuckDB and PostgreSQL read alike. A table or a column of a feed that is merely missing needs no
step, for it is made at open; a step is for what a table that is there has to become.
"""

from halfopen.errors import SinkError

SCHEMA_VERSION = 3
"""Of the tables of this halfopen."""

STEPS: dict[int, tuple[str, ...]] = {
    2: ("ALTER TABLE halfopen.quarantine ADD COLUMN zone VARCHAR",),
    3: (),
}
"""What turns the tables of the version before into those of a version; 3 is what DuckDB does to its keys."""

TABLES = {
    "salt": "salt VARCHAR",
    "forgotten": (
        "product VARCHAR, feed VARCHAR, hash VARCHAR, forgotten_at TIMESTAMP, PRIMARY KEY (product, feed, hash)"
    ),
    "self_exclusions": (
        "product VARCHAR, player VARCHAR, modified_at TIMESTAMP, window_start TIMESTAMP, window_end TIMESTAMP,"
        " committed_at TIMESTAMP, initial BOOLEAN"
    ),
    "columns": (
        "product VARCHAR, feed VARCHAR, name VARCHAR, field VARCHAR, first_seen TIMESTAMP,"
        " vanished_at TIMESTAMP, PRIMARY KEY (product, feed, name)"
    ),
}
"""Bookkeeping of persons and drift, in the schema `halfopen`.

forgotten: salted hashes of erased players, and of their rows that others refer to. self_exclusions: one line each time
a player is found newly excluded; initial: it was so before this mirror first asked. columns: what a product sends, by
its own names; `field` is the contract's, null beyond the contract.
"""


def steps(had: int | None) -> list[str]:
    """What a mirror of version `had` still has to go through; a new one (None) nothing.

    Raises:
        SinkError: it is later than this halfopen knows.
    """
    if had is None:
        return []
    if had > SCHEMA_VERSION:
        raise SinkError(
            f"its tables are of version {had}, this halfopen keeps {SCHEMA_VERSION};"
            " use the halfopen that made it, or a newer one"
        )
    return [statement for step in range(had + 1, SCHEMA_VERSION + 1) for statement in STEPS.get(step, ())]
