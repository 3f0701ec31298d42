"""Where the casino is: a private server of the machine, with two-phase commit where it can be had, and a standby."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from late.casino import schema
from late.engines.base import Engine
from late.engines.mysql import Mysql
from late.engines.postgresql import Postgresql
from late.standby import standby
from support import mysql, postgresql

_PREPARED = 64


@dataclass(frozen=True, slots=True)
class Place:
    """`engine` is written to; servers read `read_url`. `is_standby`: that is another machine's copy.

    `shared` makes the address of a database for state that several servers share.
    """

    engine: Engine
    read_url: str
    is_standby: bool
    shared: Callable[[], str]


@contextmanager
def place(engine: str, *, on_standby: bool = False) -> Iterator[Place]:
    """A new database with the casino's tables, gone afterwards; Skipped of pytest where the machine has no server."""
    with ExitStack() as stack:

        def shared() -> str:
            return stack.enter_context(postgresql.database())

        if engine == "postgresql":
            yield _postgresql(stack, shared, on_standby=on_standby)
        else:
            url = stack.enter_context(mysql.database())
            made = Mysql(url)
            mysql.ask(url, *schema(made.stamp_type))
            yield Place(made, url, is_standby=False, shared=shared)


def _postgresql(stack: ExitStack, shared: Callable[[], str], *, on_standby: bool) -> Place:
    allow_two_phase()
    url = stack.enter_context(postgresql.database())
    prepared = postgresql.ask(url, "select current_setting('max_prepared_transactions')::int as n")[0]["n"]
    made = Postgresql(url, two_phase=prepared > 0)
    postgresql.ask(url, ";".join(schema(made.stamp_type)))
    read_url = stack.enter_context(standby(url)) if on_standby else url
    return Place(made, read_url, is_standby=on_standby, shared=shared)


def allow_two_phase() -> None:
    """A private server of this process is started again with room for prepared transactions; another stays as it is."""
    found = postgresql.server()
    if found is None or os.environ.get(postgresql.VARIABLE):
        return
    if postgresql.ask(found.url, "select current_setting('max_prepared_transactions')::int as n")[0]["n"]:
        return
    postgresql.ask(found.url, f"alter system set max_prepared_transactions = {_PREPARED}")
    found.stop()
    found.start()
