"""Views for people, on every engine."""

import json
from decimal import Decimal
from typing import Any

from halfopen.contract.people import view_names
from halfopen.sinks.base import Sink
from sinks.conftest import Engine
from support.answers import NOON, Answers, player, table

STRANGE = "Ä.b-C_" + "x" * 80


def wallet(key: str, owner: str, balance: str, currency: str = "eur", kind: str = "Normal") -> dict[str, str | None]:
    return {
        "id": key,
        "player_id": owner,
        "type": kind,
        "balance": balance,
        "currency": currency,
        "created_at": "2026-01-01 00:00:00",
        "modified_at": "2026-03-01 12:00:10",
    }


def contact(owner: str, **more: str | None) -> dict[str, str | None]:
    return {"player_id": owner, "created_at": "2026-01-01 00:00:00", "modified_at": "2026-03-01 12:00:11", **more}


def amounts(value: Any) -> dict[str, Decimal]:
    found = json.loads(value, parse_float=Decimal) if isinstance(value, str) else value or {}
    return {name: Decimal(amount) for name, amount in found.items()}


def test_players_current_is_one_row_a_player(sink: Sink, answer: Answers) -> None:
    wallets = [
        wallet("1", "p", "10.000000000000000001"),
        wallet("2", "p", "5"),
        wallet("3", "p", "7", "BTC"),
        wallet("4", "p", "3", kind="Bonus"),
        wallet("5", "q", "1"),
        wallet("6", "p", "99", "USD"),
    ]
    sink.apply(
        [
            answer("players", [player("p", country="Latvia"), player("q"), player("gone")]),
            answer("contacts", [contact("p", email="p@a.example", email_subscribe="true")]),
            answer("wallets", wallets),
        ]
    )
    sink.vanish("vegas", "players", ["gone"], answer("players", [player("p")]).fetched_at)
    sink.vanish("vegas", "wallets", ["6"], answer("players", [player("p")]).fetched_at)
    one, two = table(sink, "SELECT * FROM players_current ORDER BY id")
    assert (one["id"], one["country"], one["email"], one["email_subscribe"]) == ("p", "LV", "p@a.example", True)
    assert str(one["contacts_modified_at"]) == "2026-03-01 12:00:11"
    assert str(one["modified_at"]) == "2026-03-01 12:00:10"
    assert one["wallets"] == 4
    assert amounts(one["balances"]) == {"BTC": Decimal(7), "EUR": Decimal("15.000000000000000001")}
    assert amounts(one["prize_balances"]) == {"EUR": Decimal(3)}
    assert (two["email"], two["wallets"], amounts(two["prize_balances"])) == (None, 1, {})


def test_what_products_send_since_is_in_the_views_once_the_mirror_is_tidied(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("p", vip="7")])])
    sink.compact(NOON)
    assert table(sink, "SELECT id, vip FROM players_vegas") == [{"id": "p", "vip": 7}]
    sink.apply([answer("players", [player("q", tier="gold")])])
    sink.compact(NOON)
    assert table(sink, "SELECT id, vip, tier FROM players_vegas ORDER BY id") == [
        {"id": "p", "vip": 7, "tier": None},
        {"id": "q", "vip": None, "tier": "gold"},
    ]


def test_custom_fields_are_columns_of_their_types(engine: Engine, sink: Sink, answer: Answers) -> None:
    strange = Answers(sink, answer.folder / "strange", product=STRANGE)
    strange.folder.mkdir()
    full = {
        "vip": "7", "code": "007", "ltv": "1.50", "ok": "true", "seen": "2024-02-29 04:05:06", "Born": "2026-01-31",
        "never": "2026-02-30",
        "tags": "a, b", "Key 'x'": "y", "rank": "x", "Rank": "z", 'a"b': "1", "$.x": "3", "birthday": "0000-00-00",
    }  # fmt: skip
    rows = [player("p", **full), player("q", **{**dict.fromkeys(full), "vip": "-8", "ok": "false"})]
    sink.apply([answer("players", rows), strange.__call__("players", [player("r", vip="x")])])
    sink.close()
    again = engine.make()
    again.open()
    try:
        one, two = table(again, "SELECT * FROM players_vegas ORDER BY id")
        [other] = table(again, f'SELECT * FROM "{view_names(["vegas", STRANGE])[STRANGE]}"')
        assert {"players_current", "players_canonical", "players_vegas"} <= set(view_list(again))
    finally:
        again.close()
    sink.open()
    assert (one["vip"], one["code"], one["ltv"], one["ok"]) == (7, "007", Decimal("1.5"), True)
    assert (str(one["seen"]), str(one["Born"]), one["tags"]) == ("2024-02-29 04:05:06", "2026-01-31", "a, b")
    assert one["never"] == "2026-02-30"
    assert (one["Key 'x'"], one["$.x"]) == ("y", 3)
    assert 'a"b' not in one
    assert {"x", "z"} <= set(map(str, one.values())), "two names that differ in case alone are two columns"
    assert (two["vip"], two["ok"], two["ltv"]) == (-8, False, None)
    assert (other["product"], other["vip"]) == (STRANGE, "x")


def view_list(sink: Sink) -> list[str]:
    return [row["table_name"] for row in table(sink, "SELECT table_name FROM information_schema.views")]


def test_every_product_has_a_view_of_its_own() -> None:
    names = view_names(["current", "canonical", "Casino", "casino", "x" * 100, "x" * 99, "a"])
    assert names["a"] == "players_a"
    assert len({name.casefold() for name in names.values()}) == 7
    assert not {"players_current", "players_canonical"} & set(names.values())
    assert all(len(name.encode()) <= 63 for name in names.values())
