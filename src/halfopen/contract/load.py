"""Reads the contract: `feeds()` is all of it, in the order of the requirements."""

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from halfopen.contract.model import Feed

NAMES = (
    "players",
    "contacts",
    "transactions",
    "logins",
    "auto_logins",
    "wallets",
    "bonus_assignments",
    "bonus_list",
    "game_activity",
    "sports_tournaments",
    "sports_events",
    "sports_bets",
    "sports_odds",
)


@cache
def feeds() -> dict[str, Feed]:
    """All feeds by name, in the order of the requirements."""
    return {name: _read(name) for name in NAMES}


def feed(name: str) -> Feed:
    """One feed; KeyError where there is none of that name."""
    return feeds()[name]


def _read(name: str) -> Feed:
    text = files("halfopen.contract").joinpath("feeds", f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Feed)
