"""Does the mirror hold what the casino holds? Row by row and field by field, in DuckDB, exact to the last digit."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.demo import truth
from halfopen.errors import SinkError

SAMPLES = 3
"""Of each kind of difference a feed."""


@dataclass(frozen=True, kw_only=True)
class FeedComparison:
    """One feed: rows of the casino, and how many of them are missing, differ, or are only in the mirror."""

    feed: str
    rows: int
    missing: int
    differing: int
    extra: int
    samples: tuple[str, ...] = field(default=())
    """A line for a person each: the key, and where fields differ what was found and what would be right."""

    @property
    def equal(self) -> bool:
        """Whether mirror and casino agree."""
        return not (self.missing or self.differing or self.extra)


@dataclass(frozen=True)
class Comparison:
    """All feeds."""

    feeds: tuple[FeedComparison, ...]

    @property
    def equal(self) -> bool:
        """Whether mirror and casino agree in every feed."""
        return all(feed.equal for feed in self.feeds)

    @property
    def rows(self) -> int:
        """Rows of the casino over all feeds."""
        return sum(feed.rows for feed in self.feeds)

    @property
    def line(self) -> str:
        """The answer in one line."""
        missing, differing, extra = (
            sum(getattr(feed, name) for feed in self.feeds) for name in ("missing", "differing", "extra")
        )
        return f"{len(self.feeds)} feeds, {self.rows} rows: {missing} missing, {differing} differing, {extra} extra"

    @property
    def samples(self) -> list[str]:
        """A few differences of each feed, for a person."""
        return [f"{feed.feed}: {sample}" for feed in self.feeds for sample in feed.samples]


def compare(casino: Path, mirror: Path, product: str = "spacevegas") -> Comparison:
    """Compare the casino's SQLite file with the mirror's DuckDB file, which nobody may have open.

    Raises:
        SinkError: the mirror cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="halfopen-compare-") as folder:
        workplace = Path(folder)
        with duckdb.connect(workplace / "workplace.duckdb", config={"temp_directory": str(workplace / "spill")}) as db:
            db.execute("set TimeZone = 'UTC'")
            db.execute("set preserve_insertion_order = false")
            truth.load(db, casino, workplace)
            try:
                db.execute(f"attach '{str(mirror).replace(chr(39), chr(39) * 2)}' as mirror (read_only)")
                return Comparison(tuple(_feed(db, feed, product) for feed in feeds().values()))
            except duckdb.Error as error:
                raise SinkError(f"mirror {str(mirror)!r}: cannot be compared: {str(error).splitlines()[0]}") from error


def _feed(db: duckdb.DuckDBPyConnection, feed: Feed, product: str) -> FeedComparison:
    """Verdicts on every key that either side has; equal rows get none."""
    columns = {name: f'"{name}"' for name in feed.fields}
    if feed.custom:
        columns |= {name: f"json_extract_string(custom, '$.{name}')" for name in truth.CUSTOM}
    values = ", ".join(f'{sql} as "{name}"' for name, sql in columns.items())
    db.execute("set variable product = ?", [product])
    db.execute(
        f"create or replace temp table held as select {values} from mirror.{feed.name}"
        " where product = getvariable('product')"
    )
    differs = " or ".join(f't."{name}" is distinct from m."{name}"' for name in columns)
    db.execute(f"""
        create or replace temp table verdicts as
        select coalesce(t."{feed.key}", m."{feed.key}") as key,
            case when m."{feed.key}" is null then 'missing' when t."{feed.key}" is null then 'extra'
                else 'differing' end as verdict
        from truth.{feed.name} t full join held m on t."{feed.key}" = m."{feed.key}" where {differs}""")
    db.execute(f"""insert into verdicts select "{feed.key}", 'extra' from held group by all having count(*) > 1""")
    counts = dict(db.execute("select verdict, count(*) from verdicts group by verdict").fetchall())
    (rows,) = db.execute(f"select count(*) from truth.{feed.name}").fetchall()[0]
    return FeedComparison(
        feed=feed.name,
        rows=rows,
        missing=counts.get("missing", 0),
        differing=counts.get("differing", 0),
        extra=counts.get("extra", 0),
        samples=tuple(_samples(db, feed, list(columns))) if counts else (),
    )


def _samples(db: duckdb.DuckDBPyConnection, feed: Feed, columns: list[str]) -> Iterator[str]:
    for verdict in ("missing", "extra", "differing"):
        keys = db.execute("select key from verdicts where verdict = ? order by key limit ?", [verdict, SAMPLES])
        for (key,) in keys.fetchall():
            yield f"{key!r} {verdict}" if verdict != "differing" else f"{key!r} {_differences(db, feed, columns, key)}"


def _differences(db: duckdb.DuckDBPyConnection, feed: Feed, columns: list[str], key: str) -> str:
    texts = ", ".join(f'"{name}"::VARCHAR' for name in columns)
    sides = [
        db.execute(f'select {texts} from {table} where "{feed.key}" = ?', [key]).fetchall()[0]
        for table in ("held", f"truth.{feed.name}")
    ]
    return "; ".join(
        f"{name} differs: mirror has {found!r}, casino {right!r}"
        for name, found, right in zip(columns, *sides, strict=True)
        if found != right
    )
