"""Which transactions of a PostgreSQL server are open, and whether we may see those of other users."""

from datetime import UTC, datetime
from typing import Final

from halfopen.sources.postgresql.pool import Connection

_OLDEST: Final = """
select case when exists (select from pg_catalog.pg_prepared_xacts) then '-infinity'::timestamptz
       else (select min(xact_start) from pg_catalog.pg_stat_activity
             where backend_type = 'client backend' and pid <> pg_catalog.pg_backend_pid()
               and not (application_name = 'halfopen' and usename = current_user)) end
"""
"""When a prepared transaction began is not told: it may have been at any time. Our own read, and write nothing."""

GRANT: Final = """
select case when pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage') then ''
       else 'GRANT pg_read_all_stats TO ' || pg_catalog.quote_ident(current_user) end as statement
"""


async def oldest_open(connection: Connection) -> datetime | None:
    """When the oldest of them began, UTC; the beginning of time where that is not told; None when none is open."""
    row = await connection.fetchrow(_OLDEST)
    found: datetime | None = row[0] if row else None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
