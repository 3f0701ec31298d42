"""The one-column key of a DuckDB mirror's tables: a number of 128 bits, the md5 of what identifies a row.

DuckDB scans the whole table for a key of several columns, and an index over the texts themselves is dear. SHA-256 is
dearer than md5, which somebody who chooses ids can make collide; so a
stored row only counts as the row of a key where its key is that one too. Of two rows that collide the second breaks the
primary key: its window is not stored and stays owed, with that reason. It never passes for the other one.
"""

from halfopen.contract.sql import quote

SEPARATOR = "\x1f"
"""Between the parts: a control character that no identifier holds."""
TYPE = "UHUGEINT"


def told(*parts: str) -> str:
    """SQL of the text that is digested, of expressions that are texts: product and key, product, key and value."""
    return " || chr(31) || ".join(parts)


def digest(text: str) -> str:
    """SQL of the `_id` of such a text."""
    return f"md5_number({text})::{TYPE}"


def identity(*parts: str) -> str:
    """SQL of the `_id` of the row with these parts; null where one is null."""
    return digest(told(*parts))


def rekeyed(table: str, columns: str, parts: list[str]) -> list[str]:
    """Statements that give a table with an `_id` of another kind one of this kind, from the columns that it stands for.

    columns: the table's, with their types. DuckDB changes no column that an index is over, so the table is made anew.
    """
    new = quote(f"{table} rekeyed")
    return [
        f"CREATE TABLE {new} ({columns})",
        f"INSERT INTO {new} BY NAME SELECT * REPLACE ({identity(*map(quote, parts))} AS _id) FROM {quote(table)}",
        f"DROP TABLE {quote(table)}",
        f"ALTER TABLE {new} RENAME TO {quote(table)}",
    ]
