"""What COPY wrote is read back as it was, wherever lines end inside of texts."""

import tempfile
from pathlib import Path

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from halfopen.sinks.postgresql.workplace import copied_out

TEXTS = st.sampled_from(["", "a", "a\nb", "a\r\nb", "a\rb", 'x"y', "a,b", None])
ROWS = st.integers(2, 4).flatmap(lambda width: st.lists(st.tuples(*[TEXTS] * width), min_size=1, max_size=6))


def copied(rows: list[tuple[str | None, ...]]) -> bytes:
    """As COPY writes with all texts in quotes."""
    shown = [["" if text is None else '"' + text.replace('"', '""') + '"' for text in row] for row in rows]
    return "".join(",".join(row) + "\n" for row in shown).encode()


@given(rows=ROWS)
def test_texts_come_back_whole(rows: list[tuple[str | None, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as database:
        body = Path(folder) / "rows.csv"
        body.write_bytes(copied(rows))
        columns = [f"c{place}" for place in range(len(rows[0]))]
        assert database.execute(f"SELECT * FROM {copied_out(body, columns)}").fetchall() == rows
