"""Answers judged and typed in a DuckDB in memory, as files of CSV that PostgreSQL's COPY reads.

A long body is judged in pieces, so that memory depends on their size and not on the body's. What is known of the whole
is put together here: findings and counts are sums over the pieces, and keys are looked for in all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from halfopen.sinks.base import Answer
from halfopen.sinks.care import NO_CARE, Care
from halfopen.sinks.database import Values
from halfopen.sinks.judging import prepare, values_of
from halfopen.sinks.postgresql.cut import cuts
from halfopen.sinks.postgresql.part import Part, Place, has_nul, part
from halfopen.sinks.postgresql.pieces import Pieces, pieces_of
from halfopen.sinks.postgresql.sheet import Sheet
from halfopen.sinks.postgresql.twice import suspects
from halfopen.sinks.postgresql.workplace import Bench, Workplace
from halfopen.sinks.stage import Note, Staged
from halfopen.wire.negotiate import Format

PIECE_BYTES = 4 << 20
"""Larger pieces take more memory (some 4 bytes a byte, on each bench), smaller ones more time (some 15 ms a piece)."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One answer, ready for the mirror's transaction.

    number: its place among the answers of the transaction; staged: all of its pieces as one, without the texts of its
    `broken` rows, of which this is the count. patched: something goes to `custom`. rows: usable ones, one a key but for
    those that `twice` names; sides: by table, what is kept beside them of keys with several values; held and verdicts:
    what is unusable, and what is odd about either.
    """

    number: int
    answer: Answer
    values: Values
    staged: Staged
    broken: int
    unusable: int
    patched: bool
    notes: tuple[Note, ...]
    rows: tuple[Sheet, ...]
    sides: tuple[tuple[str, Sheet], ...]
    held: tuple[Sheet, ...]
    verdicts: tuple[Sheet, ...]
    twice: tuple[Sheet, ...]


def judged(
    work: Workplace, answers: Sequence[Answer], care: Care = NO_CARE, *, piece_bytes: int | None = None
) -> list[Judged]:
    """Judge answers, each by itself; their files lie in the workplace's folder. With `care` for what may not be kept.

    Bodies longer than `piece_bytes` are judged in pieces of that size or a little more (of JSON, which takes more bytes
    for a row, half as many again); None keeps all of them whole, and their rows numbered from 0.

    Raises:
        ContractError: a body cannot be parsed.
    """
    done = []
    for number, answer in enumerate(answers):
        pieces = _pieces(work, answer, care, piece_bytes)
        parts = [_whole(work, answer, number, care)] if pieces is None else _in_pieces(work, pieces, number)
        done.append(_judged(work, answer, number, parts))
    return done


def _pieces(work: Workplace, answer: Answer, care: Care, piece_bytes: int | None) -> Pieces | None:
    if piece_bytes is None:
        return None
    size = piece_bytes if answer.format is Format.CSV else piece_bytes * 3 // 2
    found = cuts(answer.body, answer.format, size)
    return None if found is None else pieces_of(work, answer, found, care)


def _whole(work: Workplace, answer: Answer, number: int, care: Care) -> Part:
    bench = Bench(connection=work.judge, folder=work.folder)
    [staged] = prepare(bench.connection, [answer], bench.folder, care)
    place = Place(number=number, piece=0, folder=work.folder, alone=True, nul=has_nul(answer.body))
    return part(bench, answer, staged, place)


def _in_pieces(work: Workplace, pieces: Pieces, number: int) -> list[Part]:
    nul = has_nul(pieces.answer.body)

    def one(bench: Bench, piece: int) -> Part:
        place = Place(number=number, piece=piece, folder=work.folder, alone=False, nul=nul)
        return part(bench, pieces.answer, pieces.stage(bench, piece), place)

    return work.each(one, len(pieces.cuts.pieces))


def _judged(work: Workplace, answer: Answer, number: int, parts: Sequence[Part]) -> Judged:
    """The parts of an answer as one."""
    rows = sum(each.staged.rows for each in parts)
    keys = [each.keys for each in parts if each.keys is not None]
    may_come_again = len(keys) > 1 or any(each.doubled for each in parts)
    return Judged(
        number=number,
        answer=answer,
        values={**values_of(answer), "answer": number},
        staged=replace(parts[0].staged, rows=rows, fallen=sum(each.staged.fallen for each in parts), notes=()),
        broken=sum(each.broken for each in parts),
        unusable=sum(each.unusable for each in parts),
        patched=any(each.patched for each in parts),
        notes=_summed(note for each in parts for note in each.notes),
        rows=_sheets(each.rows for each in parts),
        sides=tuple(side for each in parts for side in each.sides.items()),
        held=_sheets(each.held for each in parts),
        verdicts=_sheets(each.verdicts for each in parts),
        twice=suspects(work.judge, keys, rows, number, work.folder) if may_come_again else (),
    )


def _summed(notes: Iterable[Note]) -> tuple[Note, ...]:
    """One note of each kind."""
    sums: dict[tuple[str, str | None, str | None], Note] = {}
    for note in notes:
        kind = (note.code, note.field, note.value)
        before = sums.get(kind)
        sums[kind] = note if before is None else replace(note, count=before.count + note.count)
    return tuple(sums.values())


def _sheets(sheets: Iterable[Sheet | None]) -> tuple[Sheet, ...]:
    return tuple(sheet for sheet in sheets if sheet is not None)
