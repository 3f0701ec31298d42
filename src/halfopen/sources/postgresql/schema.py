"""Reads the schema of a PostgreSQL database from its catalogue, and rows from both ends of each table."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from halfopen.errors import SourceError
from halfopen.sources.postgresql.catalog import Catalog
from halfopen.sources.postgresql.sql import name
from halfopen.sources.schema import (
    SAMPLE_ROWS,
    Column,
    Family,
    ForeignKey,
    Samples,
    Schema,
    Table,
    checked_values,
    family,
)

_SECONDS: Final = timedelta(seconds=30)
"""How long one look may take; a table that takes longer is left without samples."""

_PLAIN: Final = (str, int, float, Decimal, bool, datetime, date, bytes)

_RELATIONS: Final = """
    select c.oid, n.nspname::text as schema, c.relname::text as relation, c.relkind in ('v', 'm') as is_view,
           pg_catalog.pg_table_is_visible(c.oid) as near, c.reltuples::bigint as rows,
           pg_catalog.obj_description(c.oid, 'pg_class') as comment
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
      and not c.relispartition and pg_catalog.has_table_privilege(c.oid, 'select')
      and pg_catalog.has_schema_privilege(n.oid, 'usage')
    order by near desc, schema, relation"""

_COLUMNS: Final = """
    select a.attrelid as oid, a.attnum as number, a.attname::text as name, not a.attnotnull as nullable,
           pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), a.atttypmod) as type,
           pg_catalog.col_description(a.attrelid, a.attnum) as comment,
           (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_catalog.pg_enum e
            where e.enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid)) as labels
    from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum"""

_CONSTRAINTS: Final = """
    select k.conrelid as oid, k.contype::text as kind, k.conkey as columns, k.confrelid as target,
           k.confkey as target_columns, pg_catalog.pg_get_constraintdef(k.oid) as text
    from pg_catalog.pg_constraint k
    where k.conrelid = any($1::oid[]) and k.contype in ('p', 'f', 'c') order by k.conrelid, k.conname"""

_INDEXES: Final = """
    select i.indrelid as oid, i.indisunique and i.indpred is null and not i.indisprimary as is_unique,
           (i.indkey::int2[])[0:i.indnkeyatts - 1] as columns
    from pg_catalog.pg_index i where i.indrelid = any($1::oid[]) and i.indisvalid order by i.indexrelid"""


def read(url: str) -> Schema:
    """The schema of the database at `url`, as far as its user may read; SourceError when it does not answer."""
    catalog = Catalog(url, _SECONDS)
    try:
        relations = catalog.fetch(_RELATIONS)
        oids = [row["oid"] for row in relations]
        reader = _Reader(
            catalog,
            {row["oid"]: row for row in relations},
            _grouped(_fetch(catalog, _COLUMNS, oids)),
            _grouped(_fetch(catalog, _CONSTRAINTS, oids)),
            _grouped(_fetch(catalog, _INDEXES, oids)),
        )
        return Schema("postgresql", tuple(reader.table(oid) for oid in oids))
    finally:
        catalog.close()


def _fetch(catalog: Catalog, sql: str, oids: Sequence[int]) -> list[Any]:
    async def work(connection: Any) -> list[Any]:
        return list(await connection.fetch(sql, oids))

    return catalog.ask(work)


def _grouped(rows: Sequence[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["oid"]].append(row)
    return found


@dataclass(frozen=True)
class _Reader:
    catalog: Catalog
    relations: Mapping[int, Any]
    columns: Mapping[int, list[Any]]
    constraints: Mapping[int, list[Any]]
    indexes: Mapping[int, list[Any]]

    def table(self, oid: int) -> Table:
        row = self.relations[oid]
        constraints = self.constraints.get(oid, [])
        keys = [self._names(oid, found["columns"]) for found in constraints if found["kind"] == "p"]
        checks = dict(
            checked for found in constraints if found["kind"] == "c" and (checked := checked_values(found["text"]))
        )
        indexes = [(self._names(oid, found["columns"]), found["is_unique"]) for found in self.indexes.get(oid, [])]
        samples = self._samples(oid, keys[0] if keys else ())
        return Table(
            name=self._told(oid),
            columns=tuple(_column(column, checks, samples) for column in self.columns.get(oid, [])),
            comment=row["comment"] or "",
            primary_key=keys[0] if keys else (),
            foreign_keys=tuple(
                ForeignKey(
                    self._names(oid, found["columns"]),
                    self._told(found["target"]),
                    self._names(found["target"], found["target_columns"]),
                )
                for found in constraints
                if found["kind"] == "f" and found["target"] in self.relations
            ),
            unique=tuple(columns for columns, unique in indexes if unique and columns),
            indexes=tuple(columns for columns, _ in indexes if columns),
            rows=max(0, row["rows"]) if not row["is_view"] else None,
            is_view=row["is_view"],
        )

    def _told(self, oid: int) -> str:
        """As the source finds it: by its name on the search path, else with its schema."""
        row = self.relations[oid]
        return str(row["relation"] if row["near"] else f"{row['schema']}.{row['relation']}")

    def _names(self, oid: int, numbers: Sequence[int]) -> tuple[str, ...]:
        """Columns by their numbers; nothing where one is an expression."""
        found = {row["number"]: row["name"] for row in self.columns.get(oid, [])}
        return tuple(found[number] for number in numbers) if all(number in found for number in numbers) else ()

    def _samples(self, oid: int, key: Sequence[str]) -> Samples:
        row = self.relations[oid]
        relation = f"{name(row['schema'])}.{name(row['relation'])}"
        queries = [f"select * from {relation} limit {SAMPLE_ROWS}"]
        if key:
            order = ", ".join(f"{name(column)} desc" for column in key)
            queries.append(f"select * from {relation} order by {order} limit {SAMPLE_ROWS}")
        names = [column["name"] for column in self.columns.get(oid, [])]
        try:
            rows = [tuple(map(_value, found)) for query in queries for found in self.catalog.fetch(query)]
        except (SourceError, TimeoutError):
            rows = []  # a view that fails, or that takes too long, says nothing
        return Samples(names, rows)


def _column(row: Any, checks: Mapping[str, tuple[str, ...]], samples: Samples) -> Column:
    labels = tuple(row["labels"] or ())
    declared = row["type"]
    return Column(
        name=row["name"],
        type=declared,
        family=Family.TEXT if labels else Family.JSON if declared.endswith("[]") else family(declared),
        nullable=row["nullable"],
        comment=re.sub(r"\s+", " ", row["comment"] or ""),
        values=labels or checks.get(row["name"], ()),
        samples=samples.values(row["name"]),
        null_share=samples.null_share(row["name"]),
    )


def _value(value: object) -> object:
    """Plain values as they are; addresses, uuids, lists and the like as their text."""
    return value if value is None or isinstance(value, _PLAIN) else str(value)
