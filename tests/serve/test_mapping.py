import pytest

from halfopen.contract.load import feeds
from halfopen.serve.mapping import MappingError, offers
from halfopen.sources.sqlite import SqliteSource
from support.serving import configured, database

PLAYERS = "uuid text, born text, joined text, changed text, city text, state text, vip integer, tags text"
MAPPED = """
[serve.feeds.players]
table = "users"
cursor = "changed"
columns = { id = "uuid", registered_at = "joined", is_blocked = "state = 'Blocked'" }
"""
BONUSES = """
[serve.feeds.bonus_list]
table = "users"
columns = { id = "uuid", name = "city" }
"""


@pytest.fixture
def made(tmp_path):
    sources = []

    def make(feeds_text: str, **tables: str):
        path = database(tmp_path, **(tables or {"users": PLAYERS}))
        source = SqliteSource(path, 1)
        sources.append(source)
        return offers(configured(tmp_path, feeds_text), source)

    yield make
    for source in sources:
        source.close()


def mistakes(made, feeds_text: str, **tables: str) -> list[str]:
    with pytest.raises(MappingError) as caught:
        made(feeds_text, **tables)
    assert all(line.startswith("serve.feeds.") for line in caught.value.mistakes)
    return list(caught.value.mistakes)


def test_named_columns_expressions_and_columns_of_the_same_name(made):
    offer = made(MAPPED).offered["players"]
    assert {column.name: column.sql for column in offer.selection.columns} == {
        "id": '"uuid"',
        "city": '"city"',
        "registered_at": '"joined"',
        "modified_at": '"changed"',
        "is_blocked": "(state = 'Blocked')",
    }
    assert offer.selection.cursor == '"changed"'
    assert offer.selection.names == ("id", "city", "registered_at", "modified_at", "is_blocked")
    assert not offer.is_snapshot


def test_custom_fields_come_last_and_with_their_kind(made):
    custom = 'custom = { vip_level = { kind = "integer", column = "vip" }, t = { kind = "array", column = "tags" } }'
    offer = made(MAPPED + custom).offered["players"]
    assert offer.selection.names[-2:] == ("vip_level", "t")
    assert [column.array for column in offer.selection.columns[-2:]] == [False, True]


def test_feeds_that_are_not_offered_say_why(made):
    found = made(
        MAPPED
        + '[serve.feeds.wallets]\noffered = false\n[serve.feeds.transactions]\ntable = "t"\ntodo = ["currency"]\n'
    )
    assert set(found.offered) == {"players"}
    assert set(found.refused) == set(feeds()) - {"players"}
    assert "offered is false" in found.refused["wallets"]
    assert "currency" in found.refused["transactions"]
    assert "[serve.feeds.logins]" in found.refused["logins"]
    assert found.paths["/api/users"] == "players"
    assert found.paths["/api/wallets"] == "wallets"


def test_a_catalogue_without_a_mapped_cursor_is_a_snapshot(made):
    tables = {"cups": "id, name, start_date", "dated": "id, name, start_date, modified_at"}
    feed = '[serve.feeds.sports_tournaments]\ntable = "{}"\n'
    assert made(feed.format("cups"), **tables).offered["sports_tournaments"].is_snapshot


def test_an_own_path_wins_over_an_alias(made):
    found = made(MAPPED + 'path = "/export/people"\n')
    assert found.offered["players"].paths == ("/export/people", "/api/players", "/api/users")
    assert found.paths["/export/people"] == "players"


@pytest.mark.parametrize(
    ("feeds_text", "words"),
    [
        ('[serve.feeds.players]\ntable = "user"\n', ["players.table", "'user'", "did you mean 'users'?"]),
        ('[serve.feeds.players]\nsql = "select * from nowhere"\n', ["players.sql", "nowhere"]),
        (MAPPED.replace('"uuid"', '"uid"'), ["players.columns.id", "'uid'", "did you mean 'uuid'?"]),
        (MAPPED.replace("state =", "stat ="), ["columns.is_blocked", "stat = 'Blocked'", "no such column: stat"]),
        (MAPPED.replace("{", "{ citi = 'city',"), ["columns.citi", "no field 'citi'", "did you mean 'city'?"]),
        (MAPPED.replace('cursor = "changed"', ""), ["modified_at: the cursor", "columns = { modified_at = ... }"]),
        (MAPPED.replace('cursor = "changed"', 'cursor = "chnged"'), ["players.cursor", "did you mean 'changed'?"]),
        (MAPPED.replace('registered_at = "joined",', ""), ["columns.registered_at", "required", "uuid, born, joined"]),
        (MAPPED + 'where = "deleted is null"\n', ["players.where", "deleted"]),
        (MAPPED + "minor_units = { id = 0 }\n", ["minor_units.id", "found 0"]),
        (MAPPED + "minor_units = { nothing = 100 }\n", ["minor_units.nothing", "no field"]),
        (MAPPED + 'custom = { id = { kind = "string", column = "uuid" } }\n', ["custom.id", "field of the contract"]),
        (MAPPED + 'custom = { a = { kind = "string", column = "b" } }\n', ["custom.a", "'b'"]),
        (BONUSES + 'custom = { a = { kind = "string", column = "vip" } }\n', ["bonus_list.custom.a", "players alone"]),
        (MAPPED + 'path = "/x"\n' + BONUSES + 'path = "/x"\n', ["bonus_list.path", "'/x'", "players already"]),
    ],
)  # fmt: skip
def test_each_mistake_names_the_place_what_was_found_and_what_to_do(made, feeds_text, words):
    lines = mistakes(made, feeds_text)
    assert len(lines) == 1, lines
    assert all(word in lines[0] for word in words), lines[0]
    assert "\n" not in lines[0]


def test_all_mistakes_are_told_at_once(made):
    lines = mistakes(made, MAPPED.replace('"uuid"', '"uid"').replace('"joined"', '"joind"') + 'where = "x"\n')
    assert len(lines) == 3


ACTIONS = """
[serve.feeds.game_activity]
columns = { player_id = "who", game_name = "game", currency = "'EUR'" }
[serve.feeds.game_activity.actions]
table = "rounds"
session_id = "s"
kind = "k"
bet = "'bet'"
win = "'win'"
amount = "a"
created_at = "t"
"""
ROUNDS = "s, k, a, t, who, game, ip"


def test_sessions_are_summed_from_actions(made):
    offer = made(ACTIONS, rounds=ROUNDS).offered["game_activity"]
    assert offer.selection.sessions is not None
    assert offer.selection.cursor is None
    assert not offer.is_snapshot
    assert offer.selection.names == (
        "player_id", "session_id", "game_name", "currency", "bet_count", "win_count", "bet_amount", "win_amount",
        "created_at", "updated_at", "ip",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('amount = "a"', 'amount = "b"', ["actions.amount", "'b'"]),
        ("bet = \"'bet'\"", 'bet = "bet"', ["actions.bet", "bet"]),
        ('player_id = "who", ', "", ["columns.player_id", "required"]),
        (
            "currency = \"'EUR'\"",
            'currency = "\'EUR\'", bet_count = "a"',
            ["columns.bet_count", "made from the actions"],
        ),
        ('table = "rounds"', 'table = "round"', ["game_activity.table", "did you mean 'rounds'?"]),
    ],
)
def test_mistakes_in_actions(made, old, new, words):
    lines = mistakes(made, ACTIONS.replace(old, new), rounds=ROUNDS)
    assert len(lines) == 1, lines
    assert all(word in lines[0] for word in words), lines[0]
