"""The contract against the facts of the requirements' tables: names, order, types, required flags, allowed words."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from halfopen.contract import vocabulary
from halfopen.contract.load import NAMES, feed, feeds
from halfopen.contract.model import FeedKind, Field, Kind

COUNTS = {
    "players": 20,
    "contacts": 10,
    "transactions": 17,
    "logins": 11,
    "auto_logins": 3,
    "wallets": 8,
    "bonus_assignments": 8,
    "bonus_list": 4,
    "game_activity": 20,
    "sports_tournaments": 7,
    "sports_events": 7,
    "sports_bets": 13,
    "sports_odds": 8,
}
TYPES = {
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "number",
    Kind.BOOLEAN: "boolean",
    Kind.DATETIME: "datetime",
    Kind.DATE: "date",
}
NOT_IN_TABLES = {("sports_tournaments", "modified_at")}
WORDS = {
    ("players", "gender"): "male female",
    ("transactions", "dir"): "IN OUT",
    ("transactions", "type"): "Normal Real Prize Bonus Compensation Cashback Fake Test Other",
    ("transactions", "status"): "New Process Success Fail",
    ("wallets", "type"): "Real Normal Prize Bonus Other",
    ("game_activity", "game_type"): "slot table_game crash_games instant_win live_casino lottery_and_keno",
    ("game_activity", "balance_type"): "Real Normal Prize Bonus Other",
    (
        "sports_events",
        "status",
    ): "not_started abandoned suspended live ended closed delayed cancelled unknown prematch",
    ("sports_events", "type"): "match outright",
    (
        "sports_bets",
        "status",
    ): "accepted declined force_decline rolled_back unsettled place_error created arbitrage_accepted placed win lost "
    "cashout",
    (
        "sports_odds",
        "status",
    ): "win not_resulted running refunded lost half_win cancelled rejected half_loss",
}
SYNONYMS = [("Normal", "Real"), ("Bonus", "Prize"), ("Test", "Fake")]


def document() -> list[tuple[str, str, str, str]]:
    with (Path(__file__).parent / "document_fields.csv").open(encoding="utf-8", newline="") as file:
        return [(row["feed"], row["field"], row["type"], row["required"]) for row in csv.DictReader(file)]


def wire_type(name: str, field: Field) -> str:
    return "string|int" if name == "game_code" else TYPES.get(field.kind, "string")


def choices() -> list[tuple[str, str]]:
    return [(f.name, name) for f in feeds().values() for name, field in f.fields.items() if field.kind is Kind.CHOICE]


def test_every_field_of_the_tables_in_order_with_its_type_and_flag() -> None:
    ours = [
        (f.name, name, wire_type(name, field), "yes" if field.required else "no")
        for f in feeds().values()
        for name, field in f.fields.items()
        if not field.extra
    ]
    assert ours == document()


def test_count_of_fields_per_feed() -> None:
    assert Counter(row[0] for row in document()) == COUNTS
    assert sum(COUNTS.values()) == 136
    assert tuple(COUNTS) == NAMES


def test_nothing_but_the_stamp_of_tournaments_is_ours() -> None:
    extra = {(f.name, name) for f in feeds().values() for name, field in f.fields.items() if field.extra}
    assert extra == NOT_IN_TABLES
    assert not feed("sports_tournaments").fields["modified_at"].required


def test_custom_fields_are_for_players_only() -> None:
    assert [f.name for f in feeds().values() if f.custom] == ["players"]


@pytest.mark.parametrize("name", NAMES)
def test_key_cursor_order_and_references_are_fields(name: str) -> None:
    this = feed(name)
    assert this.fields[this.key].required
    assert this.fields[this.key].kind is Kind.STRING
    assert this.fields[this.cursor].kind is Kind.DATETIME
    for pair in this.order:
        assert [this.fields[moment].kind for moment in pair] == [Kind.DATETIME] * 2
    for counted in this.counted:
        assert this.fields[counted.count].kind is Kind.INTEGER
        assert this.fields[counted.amount].kind is Kind.DECIMAL
    for field in this.fields.values():
        if field.refers_to:
            parent, _, key = field.refers_to.partition(".")
            assert feed(parent).key == key


def test_feeds_whose_cursor_may_be_absent() -> None:
    uncertain = {f.name for f in feeds().values() if not f.cursor_is_certain}
    assert uncertain == {"bonus_assignments", "bonus_list", "sports_tournaments", "sports_events"}
    assert {f.name for f in feeds().values() if f.kind is FeedKind.AGGREGATE} == {"game_activity"}
    assert {f.name for f in feeds().values() if f.kind is FeedKind.APPEND} == {"logins"}


def test_the_choices_are_those_of_the_tables() -> None:
    assert set(choices()) == set(WORDS)


@pytest.mark.parametrize("place", WORDS, ids=".".join)
def test_every_allowed_word_is_known_in_any_case(place: tuple[str, str]) -> None:
    field = feed(place[0]).fields[place[1]]
    known = vocabulary.words(field)
    for word in WORDS[place].split():
        assert word in field.values or any(word in others for others in field.values.values()), word
        assert known[vocabulary.fold(word.upper())] == known[vocabulary.fold(word.lower())]


@pytest.mark.parametrize("place", choices(), ids=".".join)
def test_no_word_has_two_meanings(place: tuple[str, str]) -> None:
    values = feed(place[0]).fields[place[1]].values
    words = [vocabulary.fold(word) for canonical, others in values.items() for word in (canonical, *others)]
    assert len(words) == len(set(words))
    assert all(vocabulary.words(feed(place[0]).fields[place[1]])[vocabulary.fold(word)] == word for word in values)


@pytest.mark.parametrize("place", [("transactions", "type"), ("wallets", "type"), ("game_activity", "balance_type")])
def test_the_two_orders_of_kinds_of_money_mean_the_same(place: tuple[str, str]) -> None:
    known = vocabulary.words(feed(place[0]).fields[place[1]])
    for synonym, canonical in SYNONYMS:
        if vocabulary.fold(canonical) in known:
            assert known[vocabulary.fold(synonym)] == canonical
