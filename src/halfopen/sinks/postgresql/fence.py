"""Whose turn it is: one process writes a mirror, and one that lost its turn can commit nothing.

`halfopen.owner` has one row with a growing number. Who takes its turn raises it; every transaction that writes locks
the row first and looks whether the number is still its own. So a transaction of the process before has ended when
the turn is taken, and none of its later ones can pass.
"""

import os
import platform

from halfopen.errors import LostTurnError
from halfopen.sinks.postgresql.link import Session


def take(session: Session) -> int:
    """Take the turn, in the caller's transaction; the number to show from now on."""
    [(number,)] = session.rows(
        "INSERT INTO halfopen.owner (number, process, since)"
        " VALUES (1, $p_process::text, now() AT TIME ZONE 'UTC')"
        " ON CONFLICT (single) DO UPDATE SET number = owner.number + 1, process = excluded.process,"
        " since = excluded.since RETURNING number",
        {"process": f"process {os.getpid()} on {platform.node()}"},
    )
    return int(number)


def demand(session: Session, number: int) -> None:
    """Hold the turn until the end of the caller's transaction.

    Raises:
        LostTurnError: it is another's.
    """
    rows = session.rows("SELECT number, process, since FROM halfopen.owner FOR UPDATE")
    if not rows or rows[0][0] != number:
        who = f"{rows[0][1]} took it over at {rows[0][2]:%Y-%m-%d %H:%M:%S} UTC" if rows else "its owner row is gone"
        raise LostTurnError(f"this process lost its turn, {who}; stop one of the two")
