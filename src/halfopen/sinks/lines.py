"""NDJSON of texts becomes a temporary table: which names its rows have, and a column for each of them.

DuckDB reads names as columns, where `VIP` and `vip` are one, and none may be empty. A body with such names is written
again with `c0`, `c1` and so on in their places; any other goes straight in.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import duckdb

from halfopen.contract.sql import literal, quote
from halfopen.sinks.duckdb.run import written
from halfopen.wire.csv import LONGEST_ROW
from halfopen.wire.json import Rows, TextLines

BLOCK_BYTES = 1 << 18


def names_in(connection: duckdb.DuckDBPyConnection, body: Path) -> list[str]:
    """Names that some row has, in their order; raises what DuckDB does where a line is no object."""
    found = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(json)) AS name FROM {_objects(body)} ORDER BY name"
    ).fetchall()
    return [name for (name,) in found]


def count(connection: duckdb.DuckDBPyConnection, body: Path) -> int:
    """Rows, whatever is in them."""
    [(rows,)] = connection.execute(f"SELECT count(*) FROM {_objects(body)}").fetchall()
    return int(rows)


def load(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    bodies: tuple[Path, Path],
    names: Sequence[str],
    columns: Iterable[tuple[str, int]],
) -> int:
    """Make the temporary `table`; how many rows it has.

    bodies: the body, and a path for another with plain names; names: of all rows of the answer, which may have more
    than this body; columns: names in the table, each with the place of its name in `names`.

    Raises:
        BodyError, duckdb.InvalidInputException: the body is not whole.
    """
    body, spare = bodies
    read = list(names)
    if not _are_columns(names):
        read = [f"c{place}" for place in range(len(names))]
        with spare.open("wb") as file:
            file.writelines(
                TextLines(ndjson=True, change=_renaming(dict(zip(names, read, strict=True)))).over(blocks(body))
            )
        body = spare
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in read)
    selected = ", ".join(f"{quote(read[place])} AS {quote(name)}" for name, place in columns)
    return written(
        connection,
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {selected} FROM read_json({literal(str(body))},"
        f" format = 'newline_delimited', columns = {{{types}}}, maximum_object_size = {_longest_row(body)})",
    )


def _are_columns(names: Sequence[str]) -> bool:
    return all(name and "\0" not in name for name in names) and len({n.casefold() for n in names}) == len(names)


def _renaming(new: dict[str, str]) -> Callable[[Rows], None]:
    def rename(rows: Rows) -> None:
        rows[:] = [{new[name]: value for name, value in row.items()} for row in rows]

    return rename


def _objects(body: Path) -> str:
    return f"read_ndjson_objects({literal(str(body))}, maximum_object_size = {_longest_row(body)})"


def _longest_row(body: Path) -> int:
    """Bytes that a row may have; DuckDB fills a buffer of twice as many, so let it be no more than there are."""
    return min(max(body.stat().st_size, 1), LONGEST_ROW)


def blocks(body: Path) -> Iterator[bytes]:
    """A body in blocks of `BLOCK_BYTES`, the last one shorter."""
    with body.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block
