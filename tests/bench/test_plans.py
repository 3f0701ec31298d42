from random import Random

import pytest

from late.plans import Clock, Dice, Ending, Savepoint
from late.scale import Scale
from late.world import World


def dice(seed=1, *, two_phase=True, tail=90.0):
    world = World()
    world.pools |= {
        "players": [f"p{n}" for n in range(50)],
        "wallets": [f"w{n}" for n in range(50)],
        "transactions": [f"t{n}" for n in range(50)],
        "flags": [f"flag{n}" for n in range(10)],
    }
    return Dice(Random(seed), world, Scale(30), tail=tail, two_phase=two_phase, lag=0.0), world


def stories(count=3000, **options):
    """Each is over before the next begins."""
    thrown, world = dice(**options)
    for _ in range(count):
        story = thrown.story()
        world.release(story.keys)
        yield story


def test_a_seed_tells_the_same_stories():
    assert list(stories(200)) == list(stories(200))
    assert list(stories(200)) != list(stories(200, seed=2))


def test_most_transactions_are_short_and_some_take_as_long_as_the_tail():
    thrown, _ = dice(tail=300.0)
    lengths = sorted(thrown.length() * 30 for _ in range(5000))
    assert lengths[len(lengths) // 2] < 1
    assert 200 < lengths[-1] <= 300
    assert 0.02 < sum(length >= 10 for length in lengths) / len(lengths) < 0.05


def test_transactions_end_in_every_way():
    endings = {plan.ending for story in stories() for plan in story.plans}
    assert endings == set(Ending)
    assert Ending.TWO_PHASE not in {plan.ending for story in stories(two_phase=False) for plan in story.plans}


def test_stamps_come_from_every_clock_and_queues_are_up_to_five_minutes_late():
    stamps = [
        write.stamp for story in stories() for plan in story.plans for step in plan.steps for write in step.writes
    ]
    assert {stamp.clock for stamp in stamps} == set(Clock)
    oldest = max(stamp.seconds for stamp in stamps if stamp.clock is Clock.APPLICATION) * 30
    assert 250 < oldest <= 300


def test_imports_have_more_subtransactions_than_a_snapshot_lists():
    kept = [sum(step.savepoint is Savepoint.KEPT for step in plan.steps) for story in stories() for plan in story.plans]
    assert max(kept) > 64


def test_the_pauses_of_a_transaction_are_its_length():
    for story in stories(500):
        for plan in story.plans:
            assert all(step.pause >= 0 for step in plan.steps)
            assert plan.after >= 0
            assert sum(step.pause for step in plan.steps) + plan.after <= 90 / 30 + 1e-9


def test_back_and_forth_is_stamped_within_a_second_and_committed_over_windows():
    found = [story for story in stories() if story.keys and story.keys[0].startswith("flag")]
    assert {"".join(plan.steps[0].writes[0].content for plan in story.plans) for story in found} >= {
        "BA",
        "BABA",
        "BAB",
    }
    for story in found:
        seconds = [plan.steps[0].writes[0].stamp.seconds for plan in story.plans]
        assert seconds == sorted(seconds)
        assert seconds[-1] - seconds[0] < 1
    assert max(plan.before for story in found for plan in story.plans) > 2


def test_nobody_changes_a_key_that_another_holds():
    thrown, _ = dice()
    held = [key for _ in range(40) for key in thrown.story().keys]
    assert len(held) == len(set(held))


@pytest.mark.parametrize("pool", ["players", "nothing"])
def test_a_pool_without_free_keys_gives_none(pool):
    world = World()
    world.pools["players"] = ["p1"]
    world.take(Random(1), "players")
    assert world.take(Random(1), pool) is None
