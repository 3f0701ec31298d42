from datetime import timedelta

import pytest

from halfopen.config.load import load
from halfopen.contract.load import feeds
from halfopen.demo import config, truth
from halfopen.window.ladder import DEFAULT
from support.spacevegas import START


@pytest.fixture
def loaded(tmp_path):
    return load(config.write(tmp_path, 8400, 12, START))


def test_every_feed_and_every_field_is_mapped(loaded):
    for feed in feeds().values():
        mapping = loaded.needed_serve().feeds[feed.name]
        assert mapping.offered
        assert not mapping.todo
        assert set(mapping.columns) <= set(feed.fields)


def test_the_mapping_shows_what_a_mapping_can_do(loaded):
    mappings = loaded.needed_serve().feeds
    assert mappings["players"].path == "/api/users"
    assert mappings["players"].columns["is_blocked"] == "state = 'Blocked'"
    assert {field.kind for field in mappings["players"].custom.values()} == {
        "integer",
        "fractional",
        "string",
        "date",
        "array",
    }
    assert tuple(mappings["players"].custom) == truth.CUSTOM
    assert mappings["sports_bets"].minor_units == {"stake": 100, "win_amount": 100}
    assert mappings["game_activity"].actions is not None


def test_the_mirrors_side_keeps_the_rhythm_of_the_speed(loaded):
    product = loaded.products[config.PRODUCT]
    assert product.cadence == timedelta(seconds=5)
    assert product.ladder[0].span == DEFAULT[0].span / 12
    assert product.since == START
    assert product.path("players") == "/api/users"


def test_speeds_make_whole_seconds():
    assert config.SPEEDS == (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
