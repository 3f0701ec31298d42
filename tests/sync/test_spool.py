"""Answers on their way to a file: whole, in the order of their pieces, and never in the way of the event loop."""

import asyncio
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.errors import SinkError
from halfopen.sync.spool import Spool, unspool

FULL = Path("/dev/full")
NEEDS_FULL = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


async def spool(path: Path, pieces: list[bytes], held: int) -> None:
    with Spool(path, held) as spooling:
        for piece in pieces:
            await spooling.write(piece)
        await spooling.end()
        await asyncio.to_thread(spooling.finish)


@given(st.lists(st.binary(max_size=20), max_size=12), st.integers(min_value=1, max_value=64))
def test_the_file_is_the_pieces(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], held: int) -> None:
    path = tmp_path_factory.mktemp("spool") / "1.body"
    asyncio.run(spool(path, pieces, held))
    assert path.read_bytes() == b"".join(pieces)


async def test_what_is_kept_in_memory_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "1.body"
    with Spool(path, 1000) as spooling:
        for number in range(1, 100):
            await spooling.write(b"x" * 10)
            assert path.exists() == (number >= 100)
        await spooling.write(b"x" * 10)
        assert path.stat().st_size == 1000


async def test_no_file_is_made_or_removed_in_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    opened, unlinked = Path.open, Path.unlink

    def opening(self: Path, *words: object, **named: object) -> object:
        threads.append(threading.get_ident())
        return opened(self, *words, **named)  # type: ignore[call-overload]  # all the words that open takes

    def unlinking(self: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - as Path has it
        threads.append(threading.get_ident())
        unlinked(self, missing_ok)

    monkeypatch.setattr(Path, "open", opening)
    monkeypatch.setattr(Path, "unlink", unlinking)
    with Spool(tmp_path / "1.body", 10) as spooling:
        await spooling.write(b"one")
        await spooling.end()
        await asyncio.to_thread(spooling.finish)
    await unspool(tmp_path / "1.body")
    await unspool(tmp_path / "1.body")
    assert len(threads) == 3
    assert threading.get_ident() not in threads


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (Path("/dev/null/1.body"), "Not a directory"),
        pytest.param(
            FULL, "No space left on device", marks=pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
        ),
    ],
)
async def test_a_disk_that_takes_no_more_is_a_failure_of_the_mirror(path: Path, why: str) -> None:
    with pytest.raises(SinkError) as refused:
        await spool(path, [b"x" * 100], 10)
    assert str(refused.value) == f"cannot spool an answer to {path}: {why}; make room there"
