"""An answer that shows by its last row that the program behind it ended too soon is no answer."""

import json
from pathlib import Path

import pytest

from halfopen.contract.load import feed
from halfopen.sync import ending
from halfopen.sync.ending import demand_csv_end, demand_json_end
from halfopen.sync.envelope import Names
from halfopen.sync.refusal import Refusal

HEAD = b"id,first_name,city\r\n"
ROW = b"1,Ann,Riga\r\n"
PLAYERS = Names.of(feed("players"), {})


def body_of(folder: Path, text: bytes) -> Path:
    body = folder / "1.body"
    body.write_bytes(text)
    return body


@pytest.mark.parametrize("last", [b"2", b"2,B", b'2,"a ""quoted"" one"', b'2,"two\r\nlines"'])
def test_a_row_that_breaks_off_is_refused(tmp_path: Path, last: bytes) -> None:
    with pytest.raises(Refusal, match=r"breaks off in its last row, which has [12] of 3 columns and no line end") as no:
        demand_csv_end(body_of(tmp_path, HEAD + ROW + last), narrower=True)
    assert no.value.narrower


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD.strip(),
        HEAD + ROW,
        HEAD + ROW.strip(),
        HEAD + ROW + b'2,"two\r\nlines",Riga',
        HEAD + ROW + b"2,ragged\r\n",
        HEAD + b"2,ragged\r\n" + ROW,
        HEAD + ROW + b"\x1a",
        HEAD + b"3,more,than,there,are",
        b"id\r\n1",
        b'\r\n"id","first\r\nname"\r\n1,2',
        HEAD + b'1,"as we said:\r\nFatal error: no, a text",Riga\r\n',
        HEAD + b"Fatal error: a name,2,3\r\n",
        HEAD + b"1,Warning: no end of anything\r\n",
    ],
)
def test_other_ends_are_for_the_judge(tmp_path: Path, text: bytes) -> None:
    demand_csv_end(body_of(tmp_path, text), narrower=True)


@pytest.mark.parametrize(
    "words",
    [
        b"\nFatal error: Allowed memory size of 134217728 bytes exhausted in /x.php on line 3\n",
        b"<br />\n<b>Fatal error</b>:  Maximum execution time exceeded in <b>/x.php</b> on line <b>3</b><br />\n",
        b"PHP Fatal error:  Uncaught Error: no\nStack trace:\n#0 {main}\n  thrown in /x.php on line 3\n",
        b'Traceback (most recent call last):\n  File "/x.py", line 3\nMemoryError\n',
        b"java.lang.OutOfMemoryError: Java heap space\r\n",
        b"ERROR: canceling statement due to statement timeout\r\n",
    ],
)
def test_last_words_of_a_program_are_refused(tmp_path: Path, words: bytes) -> None:
    with pytest.raises(Refusal, match="ends with the words of a program that failed"):
        demand_csv_end(body_of(tmp_path, HEAD + ROW + words), narrower=False)


def test_a_row_is_looked_for_in_the_end_of_a_long_body_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_TAIL", 64)
    demand_csv_end(body_of(tmp_path, HEAD + ROW * 40), narrower=False)
    demand_csv_end(body_of(tmp_path, HEAD + b"1,a," + 80 * b"x"), narrower=False)
    demand_csv_end(body_of(tmp_path, HEAD + b'1,"' + 80 * b"x" + b'\r\nERROR: x\r\n",2\r\n'), narrower=False)
    with pytest.raises(Refusal, match="breaks off"):
        demand_csv_end(body_of(tmp_path, HEAD + ROW * 40 + b"2,B"), narrower=False)
    with pytest.raises(Refusal, match="ends with the words"):
        demand_csv_end(body_of(tmp_path, HEAD + b'1,"' + 80 * b"x" + b'",y\r\nERROR: x\r\n'), narrower=False)


def test_a_last_line_of_json_that_tells_of_a_failure_is_refused(tmp_path: Path) -> None:
    row = {"id": "1", "status": "failed", "registered_at": "2026-03-01 12:00:00", "error": "of the player"}
    for last in ({"error": "out of memory"}, {"status": "error", "message": "no"}):
        text = f"{json.dumps(row)}\n{json.dumps(last)}\n".encode()
        with pytest.raises(Refusal, match="ends with the words of a program that failed") as no:
            demand_json_end(body_of(tmp_path, text), PLAYERS, narrower=True)
        assert no.value.narrower


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"id": "1", "error": "of the player"}],
        [{"error": "out of memory"}, {"id": "1"}],
        [{"id": "1"}, {"status": "ok", "error": None}],
        [{"id": "1"}, {"registered_at": "2026-03-01 12:00:00", "error": "x"}],
    ],
)
def test_other_last_lines_are_for_the_judge(tmp_path: Path, rows: list[dict[str, str | None]]) -> None:
    text = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    demand_json_end(body_of(tmp_path, text), PLAYERS, narrower=True)
