"""Long bodies are judged in pieces: all promises hold where every body is cut, and the outcome is that of the whole."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from halfopen.errors import ContractError
from halfopen.sinks.base import Applied, Sink
from halfopen.sinks.postgresql import judged, twice
from halfopen.sinks.postgresql.cut import cuts
from halfopen.sinks.postgresql.sink import PostgreSQLSink
from halfopen.wire.csv import line
from halfopen.wire.negotiate import Format
from sinks import (
    test_exclusions,
    test_promises,
    test_promises_bodies,
    test_several,
    test_tokens,
    test_vanished,
)
from sinks.engines.postgresql import PostgreSQLEngine
from sinks.test_tokens import asked, sealing  # noqa: F401 - fixtures of tests that are run here again
from support.answers import Answers, csv_of, custom, ndjson_of, player, stored, table, transaction
from support.postgresql import database

SUITES: tuple[ModuleType, ...] = (
    test_exclusions,
    test_promises,
    test_promises_bodies,
    test_several,
    test_tokens,
    test_vanished,
)
for suite in SUITES:
    promised = {name: test for name, test in vars(suite).items() if name.startswith("test_") and callable(test)}
    assert not promised.keys() & globals().keys()
    globals().update(promised)

TINY = 16
WHOLE = 1 << 60
SEEDS = 12
SHOWN = {
    "transactions": "id",
    "halfopen.quarantine": "row_digest, codes",
    "halfopen.findings": "code",
    "halfopen.ledger": "seq",
    "halfopen.columns": "name",
    "halfopen.late_rows": "key",
}


class InPieces(PostgreSQLEngine):
    """Cuts each body wherever it can: behind every row or two."""

    name = "postgresql in pieces"

    def make(self) -> Sink:
        return PostgreSQLSink(self.address, self.address, piece_bytes=TINY)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[InPieces]:
    engine = InPieces(tmp_path)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[PostgreSQLSink, PostgreSQLSink]]:
    """Two mirrors: one that keeps bodies whole, and one that cuts them."""
    with database() as one, database() as other:
        whole, cut = PostgreSQLSink(one, one, piece_bytes=WHOLE), PostgreSQLSink(other, other, piece_bytes=TINY)
        with closing(whole), closing(cut):
            whole.open()
            cut.open()
            yield whole, cut


def applied(sink: PostgreSQLSink, folder: Path, product: str, bodies: list[bytes], format_: Format) -> list[Any]:
    """What each body came to, then all that the mirror has of the product."""
    answers = Answers(sink, folder, product=product)
    found: list[Applied | str] = []
    for rung, body in enumerate(bodies):
        try:
            found += sink.apply([answers("transactions", body, rung=rung, format=format_, seq=rung + 1)])
        except ContractError as error:
            found.append(str(error))
    for name, order in SHOWN.items():
        rows = table(sink, f"SELECT * FROM {name} WHERE product = '{product}' ORDER BY {order}")
        found.append([{k: v for k, v in row.items() if k not in {"committed_at", "_id"}} for row in rows])
    return found


def odd_rows(chance: random.Random) -> list[dict[str, str | None]]:
    """Rows with keys that come again, in any order of stamps, some of them unusable or odd."""
    rows = []
    for _ in range(chance.randrange(4, 25)):
        row = transaction(f"k{chance.randrange(9)}", f"2026-03-01 12:00:{chance.randrange(10, 14)}")
        row["amount"] = chance.choice(["1", "2.5", "1,5", "x", ""]) if chance.random() < 0.3 else "7"
        row["comment"] = chance.choice([None, "", "a", '"', ',"\n', "\r\nb,", 'say ""', "\n\n", "пополнение", "nul\0"])
        row["vip"] = chance.choice([None, "1", "x\ny"])
        row["currency"] = chance.choice(["EUR", "ZZZ"])
        if chance.random() < 0.1:
            row["updated_at"] = chance.choice(["2036-01-01 00:00:00", "never"])
        if chance.random() < 0.2:
            row["utm_source"] = chance.choice(["", "u"])
        if chance.random() < 0.3:
            row["wallet_id"] = chance.choice([" ", "w"])
        rows.append(row)
    return rows


def odd_csv(chance: random.Random) -> bytes:
    """A body with what products do to CSV."""
    rows = odd_rows(chance)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    body = csv_of(rows, columns)
    if chance.random() < 0.3:
        lines = body.split(b"\r\n")
        lines.insert(chance.randrange(1, len(lines)), chance.choice([b"short,row", b'"a"b,c', b"", b"\xff,1"]))
        body = b"\r\n".join(lines)
    if chance.random() < 0.3:
        body += line(transaction("bare", comment="5'", vip="6'").get(name) for name in columns).replace(b"'", b'"')
    if chance.random() < 0.2:
        body = body.replace(b"\r\n", b"\n")
    if chance.random() < 0.2:
        body = b"\xef\xbb\xbf" + body
    return body.removesuffix(b"\r\n") if chance.random() < 0.3 else body


@pytest.mark.parametrize("format_", [Format.CSV, Format.NDJSON])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_pieces_come_to_what_the_whole_comes_to(
    both: tuple[PostgreSQLSink, PostgreSQLSink], tmp_path: Path, seed: int, format_: Format
) -> None:
    chance = random.Random(seed)
    make = odd_csv if format_ is Format.CSV else lambda chance: ndjson_of(odd_rows(chance))
    bodies = [make(chance) for _ in range(3)]
    whole, cut = (applied(sink, tmp_path, f"{format_.name}-{seed}", bodies, format_) for sink in both)
    assert cut == whole


def ranges(folder: Path, body: bytes, size: int = 1, format_: Format = Format.CSV) -> list[bytes] | None:
    path = folder / "body"
    path.write_bytes(body)
    found = cuts(path, format_, size)
    if found is None:
        return None
    pieces = []
    for number in range(len(found.pieces)):
        found.write(path, number, folder / "piece")
        pieces.append((folder / "piece").read_bytes())
    return pieces


def test_each_piece_has_the_header_and_whole_rows(tmp_path: Path) -> None:
    body = b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n2,""\r\n3,"""q"""\r\n4,z'
    rows = [b'1,"x\r\ny"\r\n', b'2,""\r\n', b'3,"""q"""\r\n', b"4,z"]
    assert ranges(tmp_path, body) == [b"\xef\xbb\xbfa,b\r\n" + row for row in rows]
    assert ranges(tmp_path, body, len(body)) is None


@pytest.mark.parametrize(
    "rows",
    [
        b'x"y,1\r\n"c\r\nd",2\r\ne"f,3\r\n',  # the number of quotes before the text's line end is even
        b'5",1\r\n" c\r\n d",2\r\n5",3\r\n',
        b'5",1\r\n"""c""\r\n""d""",2\r\n5",3\r\n',
    ],
)
def test_quotes_in_bare_fields_do_not_make_a_cut_inside_of_a_text(tmp_path: Path, rows: bytes) -> None:
    inside = rows.index(b"\r\n", rows.index(b"c"))
    pieces = ranges(tmp_path, b"a,b\r\n" + rows) or [b"a,b\r\n" + rows]
    assert b"".join(piece.removeprefix(b"a,b\r\n") for piece in pieces) == rows
    ends = [sum(len(piece) - 5 for piece in pieces[: number + 1]) for number in range(len(pieces))]
    assert inside + 2 not in ends


def test_lines_of_json_are_cut_anywhere(tmp_path: Path) -> None:
    assert ranges(tmp_path, b'{"a":"\\""}\n{"a":1}\n', format_=Format.NDJSON) == [b'{"a":"\\""}\n', b'{"a":1}\n']


def test_the_newest_of_a_key_stays_whichever_piece_it_is_in(
    both: tuple[PostgreSQLSink, PostgreSQLSink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twice, "_KEYS_AT_ONCE", 2)
    sink = both[1]
    stamps = ["12:00:10", "12:00:30", "12:00:30", "12:00:20"]
    rows = [transaction("k", f"2026-03-01 {stamp}", comment=str(place)) for place, stamp in enumerate(stamps)]
    others = [transaction(f"o{number}", comment="") for number in range(5)]
    [applied] = sink.apply([Answers(sink, tmp_path, product="newest")("transactions", [*others, *rows])])
    assert (applied.rows, applied.changed, applied.findings) == (9, 6, 3)
    assert stored(sink, "transactions", product="newest")["k"]["comment"] == "2"


def test_equal_hashes_of_different_keys_lose_nothing(
    both: tuple[PostgreSQLSink, PostgreSQLSink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = twice.keys
    monkeypatch.setattr(twice, "keys", lambda *given: exact(*given).replace("hash(", "length("))
    sink = both[1]
    rows = [transaction(key) for key in "abca"]
    [applied] = sink.apply([Answers(sink, tmp_path, product="hashes")("transactions", rows)])
    assert (applied.changed, applied.findings) == (3, 1)


def test_a_piece_that_fails_leaves_nothing(both: tuple[PostgreSQLSink, PostgreSQLSink], tmp_path: Path) -> None:
    sink = both[1]
    answers = Answers(sink, tmp_path, product="failing")
    good = [transaction(str(number)) for number in range(9)]
    for body, format_ in ((csv_of(good) + b'"open', Format.CSV), (ndjson_of(good) + b'{"id', Format.NDJSON)):
        with pytest.raises(ContractError):
            sink.apply([answers("transactions", body, format=format_)])
    assert stored(sink, "transactions", product="failing") == {}
    assert table(sink, "SELECT * FROM halfopen.ledger WHERE product = 'failing'") == []
    assert sink._work is not None
    assert [entry for entry in sink._work.folder.rglob("*") if entry.is_file()] == []
    assert sink.apply([answers("transactions", good)])[0].changed == 9


def test_a_long_body_is_cut_unless_told_otherwise(
    both: tuple[PostgreSQLSink, PostgreSQLSink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    whole = judged._judged
    monkeypatch.setattr(judged, "_judged", lambda *given: counts.append(len(given[3])) or whole(*given))
    for number, sink in enumerate(both):
        sink.apply([Answers(sink, tmp_path, product=f"cut{number}")("transactions", map(transaction, "abc"))])
    assert counts == [1, 3]


def test_the_number_of_quotes_before_a_cut_is_even(tmp_path: Path) -> None:
    assert ranges(tmp_path, b'a,b\r\nx"y,1\r\nx"y,2\r\n') is None


def test_what_the_header_says_is_noted_once(both: tuple[PostgreSQLSink, PostgreSQLSink], tmp_path: Path) -> None:
    rows = [{("modified_at" if name == "updated_at" else name): v for name, v in transaction(k).items()} for k in "abc"]
    for format_ in (Format.CSV, Format.NDJSON):
        body = Answers(both[1], tmp_path, product=f"noted {format_.name}")("transactions", rows, format=format_)
        assert both[1].apply([body])[0].findings == 1


def test_an_unreadable_value_in_one_piece_takes_nothing_from_rows_of_another(
    both: tuple[PostgreSQLSink, PostgreSQLSink], tmp_path: Path
) -> None:
    sink = both[1]
    answers = Answers(sink, tmp_path, product="custom")
    sink.apply([answers("players", [player("a", vip="1", birthday="x"), player("b", vip="2", birthday="y")])])
    later = "2026-03-01 12:00:20"
    sink.apply([answers("players", [player("a", later, birthday="z"), player("b", later, birthday="2000-01-01")])])
    kept = {key: custom(row) for key, row in stored(sink, "players", product="custom").items()}
    assert kept == {"a": {"vip": "1", "birthday": "z"}, "b": {"vip": "2"}}
