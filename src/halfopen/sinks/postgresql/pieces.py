"""Pieces of one body, staged as if each were the whole: all have the shape that the whole body has.

A piece of a CSV has the header before it. What columns a body of NDJSON has is known once all its rows were looked at,
so it is read twice, as it is in one piece; a body with the one row that names them all stands for the header.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from halfopen.errors import BodyError, ContractError
from halfopen.sinks import lines
from halfopen.sinks.base import Answer
from halfopen.sinks.care import Care
from halfopen.sinks.duckdb.run import first_line
from halfopen.sinks.judging import prepare
from halfopen.sinks.postgresql.cut import Cuts
from halfopen.sinks.postgresql.workplace import Bench, Workplace
from halfopen.sinks.stage import Staged, shape_of
from halfopen.wire.moment import plain
from halfopen.wire.negotiate import Format

_TABLE = "stage_0"


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """A body that was cut. `head` is its staged header where the format has none: its notes, and columns to read."""

    answer: Answer
    care: Care
    cuts: Cuts
    names: tuple[str, ...] = ()
    head: Staged | None = None

    def stage(self, bench: Bench, number: int) -> Staged:
        """Make a temporary table of one piece; findings about the header come with the first.

        Raises:
            ContractError: the piece cannot be parsed.
        """
        body = bench.folder / "piece"
        try:
            self.cuts.write(self.answer.body, number, body)
            if self.head is None:
                [staged] = prepare(bench.connection, [replace(self.answer, body=body)], bench.folder, self.care)
                return staged if number == 0 else _without_header_notes(staged)
            lying = _load_lines(bench, self.answer, self.names, self.head, body)
            staged = self.care.take(bench.connection, self.answer, lying)
            return replace(staged, notes=(*self.head.notes, *staged.notes)) if number == 0 else staged
        finally:
            body.unlink(missing_ok=True)


def pieces_of(work: Workplace, answer: Answer, cuts: Cuts, care: Care) -> Pieces | None:
    """The pieces of a body that was cut; None where its rows have no fields.

    Raises:
        ContractError: NDJSON that cannot be parsed, or rows that are not this feed's.
    """
    if answer.format is Format.CSV:
        return Pieces(answer=answer, care=care, cuts=cuts)
    # One at a time: DuckDB takes more memory to take rows apart than to read them.
    found = work.each(lambda bench, number: _names_in(bench, answer, cuts, number), len(cuts.pieces), at_once=1)
    names = sorted(set[str]().union(*found))
    if not names:
        return None
    body = work.folder / "head"
    try:
        body.write_text(json.dumps(dict.fromkeys(names)) + "\n")
        [head] = prepare(work.judge, [replace(answer, body=body)], work.folder)
    finally:
        body.unlink(missing_ok=True)
    work.judge.execute(f"DROP TABLE IF EXISTS temp.{head.table}")
    return Pieces(answer=answer, care=care, cuts=cuts, names=tuple(names), head=head)


def _names_in(bench: Bench, answer: Answer, cuts: Cuts, number: int) -> list[str]:
    """Names that some row of a piece has."""
    body = bench.folder / "piece"
    try:
        cuts.write(answer.body, number, body)
        return lines.names_in(bench.connection, body)
    except duckdb.InvalidInputException as error:
        raise _broken(answer, error) from error
    finally:
        body.unlink(missing_ok=True)


def _load_lines(bench: Bench, answer: Answer, names: Sequence[str], head: Staged, body: Path) -> Staged:
    """Stage a piece of NDJSON in the columns of the whole body."""
    shape, places, _ = shape_of(answer.feed, answer.columns, names)
    columns = zip((*shape.present, *shape.extra_columns), places, strict=True)
    spare = bench.folder / "named"
    try:
        rows = lines.load(bench.connection, _TABLE, (body, spare), names, columns)
    except (BodyError, duckdb.InvalidInputException) as error:
        raise _broken(answer, error) from error
    finally:
        spare.unlink(missing_ok=True)
    return replace(head, table=_TABLE, rows=rows, notes=())


def _without_header_notes(staged: Staged) -> Staged:
    """What the header gave rise to was noted with the first piece; what is counted row by row is noted with each."""
    return replace(staged, notes=tuple(note for note in staged.notes if note.code == "forgotten_player"))


def _broken(answer: Answer, error: BaseException) -> ContractError:
    where = f"{answer.product}.{answer.feed.name} {plain(answer.window.start)}"
    return ContractError(f"{where}: not whole NDJSON: {first_line(error)}")
