import asyncio

import pytest

from halfopen.sources.turns import Turns


async def waiting(turns: Turns, length: float, order: list[float], patience: float = 5) -> None:
    await turns.acquire(length, patience)
    order.append(length)


async def begun(turns: Turns, lengths: list[float], order: list[float]) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(waiting(turns, length, order)) for length in lengths]
    await asyncio.sleep(0)
    return tasks


async def test_places_go_to_the_shortest_and_to_who_has_waited_longest_by_turns():
    turns = Turns(1)
    await turns.acquire(0, 1)
    order: list[float] = []
    tasks = await begun(turns, [9, 8, 7, 1, 2], order)
    for _ in tasks:
        turns.release()
        await asyncio.sleep(0)
    assert order == [9, 1, 8, 2, 7]


async def test_equal_windows_are_taken_in_the_order_in_which_they_came():
    turns = Turns(2)
    await turns.acquire(0, 1)
    await turns.acquire(0, 1)
    order: list[int] = []

    async def one(number: int) -> None:
        await turns.acquire(60, 5)
        order.append(number)
        await asyncio.sleep(0)
        turns.release()

    tasks = [asyncio.create_task(one(number)) for number in range(9)]
    await asyncio.sleep(0)
    turns.release()
    await asyncio.gather(*tasks)
    assert order == list(range(9))
    turns.release()
    await asyncio.gather(turns.acquire(1, 0.1), turns.acquire(1, 0.1))
    with pytest.raises(TimeoutError):
        await turns.acquire(1, 0.01)


async def test_who_gives_up_takes_no_place():
    turns = Turns(1)
    await turns.acquire(0, 1)
    order: list[float] = []
    impatient = asyncio.create_task(waiting(turns, 1, order, 0.01))
    gone, late, last = await begun(turns, [2, 3, 4], order)
    with pytest.raises(TimeoutError):
        await impatient
    gone.cancel()
    turns.release()
    late.cancel()  # its place was given to it in this very moment
    await asyncio.gather(gone, late, return_exceptions=True)
    await last
    assert order == [4]
    turns.release()
    await turns.acquire(5, 0.1)
