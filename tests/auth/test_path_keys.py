"""A key in a path is known by its looks; a word is none."""

import random
import string
import uuid
from urllib.parse import quote

import pytest

from halfopen.auth.path_keys import is_key, keys, masked
from halfopen.contract.load import feeds

WORDS = (
    "v2", "players", "space-vegas-2026-eu1", "oauth2callbackhandler", "product-api-requirements-v2", "v1beta1",
    "getPlayersByModifiedAt2", "crm_integration_service_v10", "account-1234567890123", "1234567890123456",
    "internationalization", "players_export_20240501", "2024-05-01T00-00", "SPORTS_BETTING_EVENTS_V2",
    "web3casino-europe-west1", "kubernetes-prod-eu1-b2b", "sportsbettingtournaments2", "game-activity.json",
    "release-2024w13-hotfix1", "crm-7f3a-integration", "deadbeef01",
)  # fmt: skip
KEYS = (
    "4f9d2c81b7e60a35", "550e8400-e29b-41d4-a716-446655440000", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "d41d8cd98f00b204e9800998ecf8427e.json", "mfrggzdfmztwq2lk", "aZbQkLmXwRtYpHsD", "rT8-qLm2Zx9vW4kP%7Ee7",
)  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_words_and_numbers_are_no_keys(word: str) -> None:
    assert not is_key(word)


@pytest.mark.parametrize("key", KEYS)
def test_what_looks_like_chance_is_a_key(key: str) -> None:
    assert is_key(key)


def test_no_path_of_the_contract_holds_one() -> None:
    paths = [path for feed in feeds().values() for path in (feed.path, *feed.aliases)]
    assert [masked(path) for path in paths] == paths


def test_keys_as_they_are_made_are_known_but_for_a_few() -> None:
    chance = random.Random(1)
    letters = string.ascii_letters + string.digits
    for length, most_missed in ((16, 60), (32, 6)):
        made = ["".join(chance.choices(letters, k=length)) for _ in range(1000)]
        assert sum(not is_key(one) for one in made) <= most_missed
    assert all(is_key(str(uuid.UUID(int=chance.getrandbits(128)))) for _ in range(1000))


def test_only_the_path_is_looked_at() -> None:
    key = KEYS[0]
    assert masked(f"https://{key}.example/api/{key}/players?at={key}") == (
        f"https://{key}.example/api/***/players?at={key}"
    )
    assert masked(f"https://{key}.example") == f"https://{key}.example"
    assert masked(f"/{key}/players", "$KEY") == "/$KEY/players"


def test_every_spelling_of_a_key_is_told() -> None:
    assert {KEYS[-1], "rT8-qLm2Zx9vW4kP~e7"} <= keys(f"http://a/{KEYS[-1]}/players")
    assert quote(KEYS[-1], safe="") in keys(f"http://a/{KEYS[-1]}/players")
    assert keys("http://a/api/players") == frozenset()
