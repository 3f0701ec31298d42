"""States of a PostgreSQL database for seals: what the server says of them, and which versions they show.

Transaction numbers are widened to 64 bits by the snapshot's own. `age(xmin)` is negative for a row so old that its 32
bits have come round again, so that no such row is ever taken for a new one.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from halfopen.errors import SourceError
from halfopen.sources.base import Selection
from halfopen.sources.postgresql.copying import Answer, copying
from halfopen.sources.postgresql.plans import Planner
from halfopen.sources.postgresql.pool import Connection, words
from halfopen.sources.postgresql.sealed import Rows, rows_of, sealed_select
from halfopen.sources.sealing import Detector, Identity, Look, Mark, Served, Sighting
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_LOW: Final = 2**32
_HALF: Final = 2**31

_STATE: Final = """
select pg_catalog.pg_current_snapshot()::text as snapshot, pg_catalog.now() as clock,
       pg_catalog.pg_is_in_recovery() as replica, {system} as system,
       case when not pg_catalog.pg_is_in_recovery() then 0
            when pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()
                 and exists (select from pg_catalog.pg_stat_get_wal_receiver() as w(pid) where pid is not null) then 0
            else coalesce(extract(epoch from pg_catalog.clock_timestamp()
                                             - pg_catalog.pg_last_xact_replay_timestamp())::float8, 'infinity')
       end as lag
"""
"""A replica that has replayed all that it received, and is still receiving, lags by nothing that could be told."""

_SYSTEM: Final = """
(select system_identifier::text from pg_catalog.pg_control_system()) || '/' ||
case when pg_catalog.pg_is_in_recovery() then (select timeline_id from pg_catalog.pg_control_checkpoint())::text
     else (('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int)::text end
"""
_NO_SYSTEM: Final = "''"
_MAY_ASK: Final = """
select bool_and(pg_catalog.has_function_privilege(f, 'execute')) as may
from unnest(array['pg_catalog.pg_control_system()', 'pg_catalog.pg_control_checkpoint()',
                  'pg_catalog.pg_walfile_name(pg_lsn)', 'pg_catalog.pg_current_wal_lsn()']) as f
"""
_HAS_XMIN: Final = """
select current_setting('server_version_num')::int >= 130000 and case
    when c.relkind in ('r', 'p') then true
    when c.relkind = 'v' then
        exists (select from pg_catalog.pg_attribute a
                where a.attrelid = c.oid and a.attname = 'xmin' and a.atttypid = 'pg_catalog.xid'::regtype)
        and (select count(distinct b.oid) = 1 and bool_and(b.relkind in ('r', 'p'))
             from pg_catalog.pg_rewrite w
             join pg_catalog.pg_depend d on d.objid = w.oid and d.classid = 'pg_catalog.pg_rewrite'::regclass
             join pg_catalog.pg_class b on b.oid = d.refobjid and d.refclassid = 'pg_catalog.pg_class'::regclass
             where w.ev_class = c.oid and b.oid <> c.oid)
    else false end as has_xmin
from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass($1)
"""
_SUBSELECT: Final = re.compile(r"\bselect\b", re.IGNORECASE)
_LONGEST_LAG: Final = timedelta(days=365)


class PostgresqlSnapshot:
    """One transaction at REPEATABLE READ."""

    def __init__(
        self, connection: Connection, planner: Planner, detector: Detector, state: Any, timeout_seconds: float
    ) -> None:
        self._connection = connection
        self._planner = planner
        self._detector = detector
        self._timeout = timeout_seconds
        oldest, next_, _ = str(state["snapshot"]).split(":")
        self.mark = Mark(
            system=str(state["system"]), oldest=int(oldest), next=int(next_), replica=bool(state["replica"])
        )
        self.clock: datetime = state["clock"]
        self.lag = min(_LONGEST_LAG, timedelta(seconds=min(float(state["lag"]), _LONGEST_LAG.total_seconds())))

    async def look(self, selection: Selection, before: Window | None, now: Window | None, since: Mark | None) -> Look:
        """By the index on the cursor, over the hull of both spans where they touch."""
        spans = [span for span in (before, now) if span is not None and not span.is_empty]
        if not spans:
            return Look()
        with words():
            types = await self._planner.types(self._connection, selection)
            rows = rows_of(selection, types.by_sql, self._detector)
            if self._detector is Detector.XID:
                found = await self._fetched(self._young(rows, spans, before, now, since))
                return self._numbered(found, self.mark.oldest if since is None else since.oldest)
            return _digested(await self._fetched(_shown(rows, spans, before, now)))

    @asynccontextmanager
    async def stream(self, selection: Selection, served: Served, format_: Format) -> AsyncGenerator[Answer, None]:
        """One COPY in this transaction."""
        with words():
            types = await self._planner.types(self._connection, selection)
        sql = sealed_select(selection, types.by_sql, self._detector, served, format_)
        async with copying(self._connection, sql, format_, self._timeout) as answer:
            yield answer

    async def _fetched(self, sql: str) -> Sequence[Any]:
        try:
            async with asyncio.timeout(self._timeout):
                found: Sequence[Any] = await self._connection.fetch(sql)
                return found
        except TimeoutError:
            limit = f"{self._timeout:g} s (serve.limits.statement_timeout)"
            raise SourceError(f"looking back for late rows ran longer than {limit}") from None

    def _young(
        self, rows: Rows, spans: Sequence[Window], before: Window | None, now: Window | None, since: Mark | None
    ) -> str:
        """Transactions with rows in the spans that may have been open at the older of the two states."""
        then = (since or self.mark).oldest
        oldest = min(then, self.mark.oldest)
        early, late = _in(rows, before), _in(rows, now)
        open_now = f"age(xmin) <= {self._age(self.mark.oldest)}"
        return (
            f"select xmin::text as id, count(*) filter (where {early}) as early_rows, "
            f"min({rows.moment}) filter (where {early}) as oldest, "
            f"count(*) filter (where {late} and {open_now}) as late_rows "
            f"from {rows.selection.relation} where {_filtered(rows, spans)} "
            f"and age(xmin) between 0 and {self._age(oldest)} group by 1"
        )

    def _age(self, number: int) -> str:
        """How many transactions ago; one that is too long ago for 32 bits is as old as can be told."""
        if self.mark.next - number >= _HALF:
            return str(_HALF - 1)
        return f"age('{number % _LOW}'::xid)"

    def _numbered(self, found: Sequence[Any], then: int) -> Look:
        before: dict[Identity, Sighting] = {}
        now: dict[Identity, int] = {}
        for row in found:
            low = int(row["id"])
            number = self.mark.next - (self.mark.next - low) % _LOW
            if row["early_rows"] and number >= then:
                before[number] = Sighting(row["early_rows"], row["oldest"])
            if row["late_rows"]:
                now[number] = row["late_rows"]
        return Look(before=before, now=now)


async def detector_of(connection: Connection, selection: Selection) -> Detector:
    """Transaction numbers for a table, or a view of one table that shows its `xmin`; digests for all else.

    An expression that reads another table changes without a new version of the row.
    """
    texts = [column.sql for column in selection.columns] + [selection.cursor or "", selection.where or ""]
    if selection.relation.startswith("(") or any(_SUBSELECT.search(sql) for sql in texts):
        return Detector.SET
    row = await connection.fetchrow(_HAS_XMIN, selection.relation)
    return Detector.XID if row and row[0] else Detector.SET


async def state_of(connection: Connection, *, may_ask: bool) -> Any:
    """What the server says of itself and of the transaction's state; its first question, which takes the snapshot."""
    return await connection.fetchrow(_STATE.format(system=_SYSTEM if may_ask else _NO_SYSTEM))


async def may_ask_system(connection: Connection) -> bool:
    """Whether the role may ask which server and which history this is; anybody may unless it was revoked."""
    row = await connection.fetchrow(_MAY_ASK)
    return bool(row and row[0])


def _shown(rows: Rows, spans: Sequence[Window], before: Window | None, now: Window | None) -> str:
    return (
        f"select {rows.identity} as id, {_in(rows, before)} as early, {_in(rows, now)} as late, {rows.moment} as at "
        f"from {rows.selection.relation} where {_filtered(rows, spans)}"
    )


def _digested(found: Sequence[Any]) -> Look:
    before: dict[Identity, Sighting] = {}
    now: dict[Identity, int] = {}
    for identity, early, late, at in found:
        if early:
            known = before.get(identity)
            before[identity] = Sighting(1, at) if known is None else Sighting(known.rows + 1, min(known.oldest, at))
        if late:
            now[identity] = now.get(identity, 0) + 1
    return Look(before=before, now=now)


def _in(rows: Rows, span: Window | None) -> str:
    return "false" if span is None or span.is_empty else f"({rows.inside(span)})"


def _filtered(rows: Rows, spans: Sequence[Window]) -> str:
    where = f"({rows.selection.where}) and " if rows.selection.where else ""
    if len(spans) > 1 and not (spans[0].touches(spans[1]) or spans[0].overlaps(spans[1])):
        return f"{where}({rows.inside(spans[0])} or {rows.inside(spans[1])})"
    hull = spans[0] if len(spans) == 1 else spans[0].hull(spans[1])
    return f"{where}{rows.inside(hull)}"
