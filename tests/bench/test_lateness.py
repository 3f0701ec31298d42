"""The short form of `bench/lateness_worlds.py`: the ladder loses nothing at its price, and others do."""

import random
import sys

import pytest

from lateness.worlds import WORLDS, World, world
from lateness_worlds import MOST_LOST, Line, line, table


def place_of(name: str, days: int, rows: int) -> World:
    seed = random.SystemRandom().randrange(10**9)
    sys.stdout.write(f"seed {seed}\n")
    return world(name, seed, rows, days)


def test_on_a_clean_feed_rungs_rest() -> None:
    found = line(place_of("clean", 5, 3000), "ladder")
    assert found.lost == 0
    assert found.requests < 1.19
    assert found.read < 5


def test_when_a_clean_feed_begins_to_be_late_nothing_is_lost() -> None:
    found = line(place_of("regime shift", 8, 6000), "ladder")
    assert found.late > 0.05
    assert found.lost == 0
    assert found.is_good


@pytest.mark.parametrize("name", [name for name in WORLDS if name not in {"clean", "heavy tail"}])
@pytest.mark.parametrize("puller", ["offset 2 min", "look-back 15 min"])
def test_others_lose_rows(name: str, puller: str) -> None:
    found = line(place_of(name, 2, 4000), puller)
    assert 100 * MOST_LOST < found.lost <= found.late + 1e-3


def test_a_table_names_its_worlds() -> None:
    shown = table([Line(world="clean", puller="ladder", late=0, lost=1e-5, requests=1.3, read=6)])
    assert shown.splitlines()[1].split() == ["clean", "ladder", "0.0e+00", "1.0e-05", "1.300", "6.00"]
