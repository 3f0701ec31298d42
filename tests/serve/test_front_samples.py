"""What a stranger may see of a row."""

import pytest

from halfopen.contract.load import feed, feeds
from halfopen.contract.model import Kind
from halfopen.serve.front.samples import HIDDEN, _masked, is_catalogue


def masked(feed_name: str, name: str, text: str | None, kind: Kind | None = None) -> str | None:
    described = feed(feed_name)
    return _masked(described, (name, kind or described.fields[name].kind), text)


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("id", "4711", "4…"),
        ("first_name", "Anna", "A…"),
        ("first_name", "Öykü", "Ö…"),
        ("ip", "203.0.113.9", "2…"),
        ("birthday", "1990-04-17", "1990-…"),
        ("birthday", "17.04.1990", "1…"),
        ("user_agent", "Mozilla/5.0", "M…"),
        ("country", "GB", "GB"),
        ("is_blocked", "true", "true"),
        ("modified_at", "2024-05-01 00:00:00", "2024-05-01 00:00:00"),
        ("first_name", None, None),
        ("first_name", "", ""),
    ],
)
def test_of_a_person_only_what_identifies_nobody_is_shown(name, text, shown):
    assert masked("players", name, text) == shown


@pytest.mark.parametrize(("name", "text"), [("gender", "Smith"), ("country", "anna@x.org"), ("is_blocked", "Smith")])
def test_a_value_in_the_wrong_column_is_masked_whatever_the_columns_kind(name, text):
    assert masked("players", name, text) == text[0] + "…"


def test_numbers_are_kept_with_all_their_digits():
    assert masked("wallets", "balance", "12345678901234567.89") == "12345678901234567.89"
    assert masked("players", "vip_level", "7", Kind.INTEGER) == "7"
    assert masked("players", "vip_level", "Smith", Kind.INTEGER) == "S…"


def test_custom_texts_are_masked():
    assert masked("players", "tags", "vip, anna@x.org", Kind.STRING) == "v…"


def test_a_credential_is_never_shown_not_even_that_there_is_none():
    secrets = [(each.name, name) for each in feeds().values() for name, field in each.fields.items() if field.secret]
    assert ("auto_logins", "login_token") in secrets
    for feed_name, name in secrets:
        assert {masked(feed_name, name, text) for text in ("token", "", None)} == {HIDDEN}


def test_catalogues_are_shown_whole():
    assert {name for name in feeds() if is_catalogue(name)} == {"bonus_list", "sports_tournaments", "sports_events"}
    assert masked("bonus_list", "name", "Welcome") == "Welcome"
    assert masked("sports_bets", "id", "b77") == "b…"
