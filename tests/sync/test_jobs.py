"""What is stored first, how much at once, and that results come back without holding up the event loop."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from halfopen.sync import jobs
from halfopen.sync.jobs import LARGE_BYTES, MOST_ANSWERS, MOST_LARGE_BYTES, Job, Result, Waiting, tell
from support.answers import of_body

LOOP = asyncio.new_event_loop()
LOOP.close()
SIZES = st.lists(st.sampled_from((1, LARGE_BYTES - 1, LARGE_BYTES, MOST_LARGE_BYTES // 3, 2 * MOST_LARGE_BYTES)))


class Sized(Job):
    """A job of so many bytes."""

    @property
    def size(self) -> int:
        return int(str(self.answer and self.answer.body))


def job(size: int) -> Sized:
    return Sized(asyncio.Future(loop=LOOP), of_body(Path(str(size))))


@given(SIZES)
def test_all_are_stored_each_in_its_turn_and_none_starves(sizes: list[int]) -> None:
    waiting = Waiting()
    put = [job(size) for size in sizes]
    for one in put:
        waiting.add(one)
    taken: list[Job] = []
    while waiting:
        large_left = [one for one in put if one not in taken and one.size >= LARGE_BYTES]
        batch = waiting.batch()
        large = [one for one in batch if one.size >= LARGE_BYTES]
        assert 0 < len(batch) <= MOST_ANSWERS
        assert large[:1] == large_left[:1], "one of the large goes with each transaction"
        assert sum(one.size for one in large[1:]) <= MOST_LARGE_BYTES
        taken += batch
    for of in (lambda one: one.size < LARGE_BYTES, lambda one: one.size >= LARGE_BYTES):
        assert [one for one in taken if of(one)] == [one for one in put if of(one)]


def test_small_ones_that_come_later_do_not_wait_for_all_the_large() -> None:
    waiting = Waiting()
    for _ in range(20):
        waiting.add(job(MOST_LARGE_BYTES))
    waiting.batch()
    late = job(100)
    waiting.add(late)
    assert late in waiting.batch()


def test_large_ones_count_among_the_most_of_a_transaction() -> None:
    waiting = Waiting()
    for size in (LARGE_BYTES, *[1] * MOST_ANSWERS):
        waiting.add(job(size))
    assert [len(waiting.batch()), len(waiting.batch())] == [MOST_ANSWERS, 1]


async def test_between_some_results_others_have_their_turn() -> None:
    loop = asyncio.get_running_loop()
    results = [Result(Job(loop.create_future()), number) for number in range(100)]
    most = 0
    known = 0

    def look(again: Callable[[], None]) -> None:
        nonlocal most, known
        done = sum(result.job.future.done() for result in results)
        most, known = max(most, done - known), done
        if done < len(results):
            loop.call_soon(again)

    def looking() -> None:
        look(looking)

    loop.call_soon(looking)
    thread = threading.Thread(target=tell, args=(results,))
    thread.start()
    assert await asyncio.gather(*(result.job.future for result in results)) == list(range(100))
    thread.join()
    assert most <= 2 * jobs._AT_ONCE


async def test_who_waits_no_more_and_a_loop_that_is_gone_hear_nothing() -> None:
    loop = asyncio.get_running_loop()
    gone = asyncio.new_event_loop()
    forgotten, other = loop.create_future(), loop.create_future()
    results = [Result(Job(forgotten), 1), Result(Job(other), error=ValueError("no")), Result(Job(gone.create_future()))]
    forgotten.cancel()
    gone.close()
    await asyncio.to_thread(tell, results)
    assert str((await asyncio.gather(other, return_exceptions=True))[0]) == "no"
    assert forgotten.cancelled()
