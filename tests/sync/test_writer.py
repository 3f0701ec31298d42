"""One thread owns the sink; what has arrived shares a transaction, and only the culprit fails."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from halfopen.errors import ContractError, SinkError
from halfopen.sinks.base import Answer, Applied
from halfopen.sync.jobs import MOST_ANSWERS
from halfopen.sync.writer import Writer
from support.answers import of_body
from support.memory_sink import MemorySink


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    body = tmp_path / "body"
    body.write_text("id,player_id\r\n1,p\r\n")
    return of_body(body)


async def blocked(writer: Writer) -> threading.Event:
    """Holds the writer's thread until the event is set, so that jobs pile up."""
    free = threading.Event()
    holding = asyncio.ensure_future(writer.call(lambda _sink: free.wait(10)))
    await asyncio.sleep(0.05)
    assert not holding.done()
    return free


async def test_what_has_arrived_shares_a_transaction(answer: Answer) -> None:
    sink, writer = MemorySink(), None
    writer = Writer(sink)
    await writer.open()
    free = await blocked(writer)
    waiting = [asyncio.ensure_future(writer.apply(answer)) for _ in range(MOST_ANSWERS + 6)]
    await asyncio.sleep(0.05)
    free.set()
    assert [one.rows for one in await asyncio.gather(*waiting)] == [1] * len(waiting)
    await writer.close()
    assert sink.batches == [MOST_ANSWERS, 6]
    assert len(sink.threads) == 1
    assert threading.get_ident() not in sink.threads
    assert sink.opened == 0


class Mistaken(MemorySink):
    """Has a mistake over one kind of body."""

    def apply(self, answers: Sequence[Answer]) -> list[Applied]:
        if any(answer.body.name == "broken" for answer in answers):
            raise KeyError("city")
        return super().apply(answers)


@pytest.mark.parametrize(("kind", "error"), [(MemorySink, ContractError), (Mistaken, KeyError)])
async def test_only_the_culprit_fails(
    answer: Answer, tmp_path: Path, kind: type[MemorySink], error: type[Exception]
) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"id\0")
    sink = kind()
    writer = Writer(sink)
    await writer.open()
    free = await blocked(writer)
    waiting = [asyncio.ensure_future(writer.apply(one)) for one in (answer, replace(answer, body=broken), answer)]
    await asyncio.sleep(0.05)
    free.set()
    first, second, third = await asyncio.gather(*waiting, return_exceptions=True)
    await writer.close()
    assert isinstance(second, error)
    assert not isinstance(first, BaseException)
    assert not isinstance(third, BaseException)


async def test_what_nobody_waits_for_any_more_is_not_stored(answer: Answer) -> None:
    sink = MemorySink()
    writer = Writer(sink)
    await writer.open()
    free = await blocked(writer)
    dropped = asyncio.ensure_future(writer.apply(answer))
    await asyncio.sleep(0.05)
    dropped.cancel()
    await asyncio.gather(dropped, return_exceptions=True)
    free.set()
    await writer.close()
    assert sink.answers == []


async def test_a_closed_writer_says_so(answer: Answer) -> None:
    writer = Writer(MemorySink())
    await writer.open()
    await writer.close()
    with pytest.raises(SinkError, match="is closed"):
        await writer.apply(answer)
    await writer.close()


async def test_a_sink_that_does_not_open_leaves_no_thread() -> None:
    class Locked(MemorySink):
        def open(self) -> None:
            raise SinkError("locked")

    with pytest.raises(SinkError, match="locked"):
        await Writer(Locked()).open()
    assert "halfopen-writer" not in {thread.name for thread in threading.enumerate()}


async def test_a_call_comes_after_all_that_was_put_before_it(answer: Answer) -> None:
    sink = MemorySink()
    writer = Writer(sink)
    await writer.open()
    free = await blocked(writer)
    waiting = [asyncio.ensure_future(writer.apply(answer)) for _ in range(3)]
    await asyncio.sleep(0.05)
    seen = asyncio.ensure_future(writer.call(lambda _sink: sum(sink.batches)))
    await asyncio.sleep(0.05)
    free.set()
    assert await seen == 3
    await asyncio.gather(*waiting)
    await writer.close()
