"""A person who is forgotten is nowhere in the mirror, and does not come back."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from halfopen.contract.load import feeds
from halfopen.sinks.base import Hole, Sink
from halfopen.sinks.graves import Graves, pointed_at, references
from halfopen.wire.negotiate import Format
from sinks.conftest import Engine
from support.answers import NOON, Answers, player, session, stored, table, transaction

PERSON, MAIL, PHONE = "u-4711", "ann.oyster@example.com", "+37120000001"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
STAMP = "2026-03-01 12:00:10"


def rows_of(person: str, mail: str, phone: str, mark: str) -> dict[str, list[dict[str, str | None]]]:
    """A person's rows; all keys but the player's own have `mark` in them."""
    money = {"player_id": person, "currency": "EUR", "created_at": STAMP, "updated_at": STAMP}
    return {
        "players": [player(person, first_name=f"Ann {mark}", self_excluded="true", vip=f"custom {mark}")],
        "contacts": [{"player_id": person, "email": mail, "phone": phone, "created_at": STAMP, "modified_at": STAMP}],
        "wallets": [{**money, "id": f"w{mark}", "type": "Real", "balance": "1", "modified_at": STAMP}],
        "transactions": [transaction(f"t{mark}", player_id=person, wallet_id=f"w{mark}")],
        "logins": [{"id": f"l{mark}", "player_id": person, "is_success": "true", "created_at": STAMP}],
        "auto_logins": [{"player_id": person, "login_token": f"token-{mark}", "updated_at": STAMP}],
        "game_activity": [session(f"s{mark}", player_id=person)],
        "sports_bets": [{**money, "id": f"b{mark}", "amount": "1", "modified_at": STAMP}],
        "sports_odds": [{"id": f"o{mark}", "bet_id": f"b{mark}", "event_id": "e1", "odd": "2", "updated_at": STAMP}],
    }  # fmt: skip


def fill(sink: Sink, answer: Answers) -> None:
    """Two persons in every feed that has any, and bad rows, late rows, samples and holes about both."""
    ann, bob = rows_of(PERSON, MAIL, PHONE, "ann"), rows_of("u-4712", "bob@example.com", "+37129999999", "bob")
    for feed in ann:
        both = [whole(feed, row) for row in (*ann[feed], *bob[feed])]
        sink.apply([answer(feed, both)])
    sink.apply([answer("transactions", [transaction("t-late-ann", player_id=PERSON)], rung=1)])
    bad = [
        transaction("tx", player_id=PERSON, amount="much"),
        transaction("ty", player_id="u-4712", amount="more"),
        transaction("tz", player_id="u-4712", amount="most", comment=f"from {MAIL}, thanks"),
        transaction("tq", player_id="u-4712", amount="mus", comment=f"x{PERSON}1 is another"),
    ]
    sink.apply([answer("transactions", bad, format=Format.NDJSON)])
    sink.apply(
        [
            answer(
                "contacts",
                [{"player_id": PERSON, "email": "other@example.com", "created_at": STAMP, "modified_at": "soon"}],
            )
        ]
    )
    sink.apply([answer("logins", [{"id": "lq", "player_id": "u-4712", "host": "other@example.com", "created_at": ""}])])
    header = b"id,player_id\r\n"
    sink.apply([answer("logins", header + f"1,{PERSON},torn\r\n2,u-4712,torn\r\n".encode())])
    sink.apply([answer("players", [player("u-4712", ip="nowhere"), player(PERSON, ip="somewhere", birthday="soon")])])
    torn = Hole(
        product="vegas",
        feed="logins",
        window=answer("logins", header).window,
        rung=1,
        since=NOON,
        attempts=1,
        last_error=f"a quote is not closed in '1,{PERSON},'",
        next_try=NOON,
    )
    sink.fail(torn)


def whole(feed: str, row: dict[str, str | None]) -> dict[str, str | None]:
    """The row with something in all that is required."""
    return {**row, **{name: row.get(name) or good_value(feed, name) for name in feeds()[feed].required}}


def good_value(feed: str, name: str) -> str:
    return {"datetime": STAMP, "decimal": "1", "integer": "1", "boolean": "true"}.get(
        feeds()[feed].fields[name].kind, "x"
    )


def everything(sink: Sink) -> dict[str, str]:
    """All of the mirror as texts, by table."""
    _, names = sink.query(
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_schema IN ('main', 'public', 'halfopen')"
    )
    found = {f"{schema}.{name}": table(sink, f"SELECT * FROM {schema}.{name}") for schema, name in names}
    return {name: json.dumps(rows, default=str, ensure_ascii=False) for name, rows in found.items()}


def test_nothing_in_any_table_tells_of_the_person_afterwards(sink: Sink, answer: Answers) -> None:
    fill(sink, answer)
    before = everything(sink)
    assert sum(PERSON in text for text in before.values()) > 15
    schema = "main" if "main.players" in before else "public"
    assert all(PERSON in before[f"{schema}.{feed}"] for feed in rows_of("", "", "", "") if feed != "sports_odds")
    assert any("oann" in text for text in before.values())
    found = sink.forget("vegas", PERSON, NOW)

    for name, text in everything(sink).items():
        for secret in (
            MAIL,
            PHONE,
            "other@example.com",
            "oann",
            "bann",
            "tann",
            "custom ann",
            "somewhere",
            "t-late-ann",
        ):
            assert secret not in text, f"{name} still has {secret}"
        assert PERSON not in text.replace(f"x{PERSON}1", ""), name
    assert {name: count for name, count in found.erased.items() if name in feeds()} == {
        **dict.fromkeys(("players", "contacts", "wallets", "logins", "auto_logins", "game_activity"), 1),
        **dict.fromkeys(("sports_bets", "sports_odds"), 1),
        "transactions": 2,
    }
    assert found.quoted == {}


def test_others_lose_nothing(sink: Sink, answer: Answers) -> None:
    fill(sink, answer)
    before = {feed: of_bob(stored(sink, feed)) for feed in feeds()}
    sink.forget("vegas", PERSON, NOW)
    assert {feed: stored(sink, feed) for feed in feeds()} == before
    kept = table(sink, "SELECT key, raw FROM halfopen.quarantine ORDER BY key, row_digest")
    assert [row["key"] for row in kept] == ["", "tq", "ty"]
    status = sink.status()["products"]["vegas"]["feeds"]
    assert (status["transactions"]["rows"], status["players"]["rows"]) == (1, 1)


def test_whoever_is_forgotten_does_not_come_back(engine: Engine, tmp_path: Path) -> None:
    sink = engine.make()
    sink.open()
    answer = Answers(sink, tmp_path)
    fill(sink, answer)
    sink.forget("vegas", PERSON, NOW)
    for _ in range(2):
        ann = rows_of(PERSON, MAIL, PHONE, "ann")
        bad = [transaction("tx", player_id=PERSON, amount="much"), transaction("tok")]
        applied = sink.apply(
            [
                *(answer(feed, [whole(feed, row) for row in rows]) for feed, rows in ann.items()),
                answer("transactions", bad, format=Format.NDJSON),
                answer("logins", f"id,player_id\r\n1,{PERSON},torn\r\n".encode()),
            ]
        )  # fmt: skip
        assert [(one.rows, one.changed, one.quarantined) for one in applied[:-2]] == [(1, 0, 0)] * len(ann)
        assert (applied[-2].rows, applied[-1].rows, applied[-1].quarantined) == (2, 1, 0)
        sink.close()
        sink.open()
    after = everything(sink)
    for name, text in after.items():
        assert MAIL not in text, name
        assert PERSON not in text.replace(f"x{PERSON}1", ""), name
    assert set(stored(sink, "transactions")) == {"tbob", "tok"}
    fallen = table(sink, "SELECT feed, count FROM halfopen.findings WHERE code = 'forgotten_player' ORDER BY feed")
    assert {row["feed"]: row["count"] for row in fallen} == {
        **dict.fromkeys(rows_of("", "", "", ""), 2),
        "transactions": 4,
        "logins": 4,
    }
    answer.product = "macau"
    assert sink.apply([answer("players", [player(PERSON)])])[0].changed == 1
    sink.close()


def test_several_small_answers_in_one_transaction_are_no_way_back(sink: Sink, answer: Answers) -> None:
    sink.forget("vegas", PERSON, NOW)
    answers: list[Any] = [
        answer("players", [player(PERSON)]),
        answer("contacts", [{"player_id": PERSON, "email": MAIL, "created_at": STAMP, "modified_at": STAMP}]),
    ]
    answer.product = "macau"
    answers += [
        answer("players", [player(PERSON)]),
        answer("contacts", [{"player_id": PERSON, "email": MAIL, "created_at": STAMP, "modified_at": STAMP}]),
    ]
    assert [one.changed for one in sink.apply(answers)] == [0, 0, 1, 1]


def test_what_others_say_of_the_person_is_told_and_left(sink: Sink, answer: Answers) -> None:
    fill(sink, answer)
    sink.apply([answer("transactions", [transaction("quote", player_id="u-4712", comment=f"for {MAIL}.")])])
    assert sink.forget("vegas", PERSON, NOW).quoted == {"transactions": ["quote"]}


def test_how_fast_an_exclusion_was_known_stays_on_record_without_the_name(sink: Sink, answer: Answers) -> None:
    fill(sink, answer)
    lines = len(table(sink, "SELECT player FROM halfopen.self_exclusions"))
    sink.forget("vegas", PERSON, NOW)
    players = [row["player"] for row in table(sink, "SELECT player FROM halfopen.self_exclusions")]
    assert len(players) == lines
    assert PERSON not in players


def test_forgetting_is_one_transaction(sink: Sink, answer: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(sink, answer)
    before = everything(sink)

    def fall(*_: object) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr("halfopen.sinks.forget._Erasure._quotes", fall)
        with pytest.raises(RuntimeError, match="power"):
            sink.forget("vegas", PERSON, NOW)
    assert everything(sink) == before


def test_nobody_is_forgotten_twice_or_in_vain(sink: Sink) -> None:
    assert sink.forget("vegas", "nobody", NOW).erased == {}
    assert sink.forget("vegas", "nobody", NOW).erased == {}
    assert len(table(sink, "SELECT hash FROM halfopen.forgotten")) == 1


def test_a_row_belongs_to_the_player_whom_it_names() -> None:
    assert references(feeds()["transactions"]) == [("player_id", "players")]
    assert references(feeds()["sports_odds"]) == [("bet_id", "sports_bets"), ("event_id", "sports_events")]
    assert references(feeds()["bonus_list"]) == []
    assert "sports_bets" in pointed_at()


def test_hashes_are_salted_and_of_one_product_and_feed() -> None:
    graves = Graves(salt="a")
    assert graves.digest("p", "players", "1") != Graves(salt="b").digest("p", "players", "1")
    assert (
        len(
            {graves.digest("p", "players", "1"), graves.digest("q", "players", "1"), graves.digest("p", "wallets", "1")}
        )
        == 3
    )


def of_bob(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {key: row for key, row in rows.items() if "u-4712" in row.values() or "bob" in json.dumps(row, default=str)}
