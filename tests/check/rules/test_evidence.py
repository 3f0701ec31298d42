"""What a finding shows: an answer that has its samples, and never no sample at all."""

import json
from typing import Any

import pytest

from halfopen.check.finding import Status
from halfopen.check.judging import judge
from halfopen.check.rule import Outcome, rules
from halfopen.check.sample import redacted
from support.seen import Asked, csv, window

FIRST, SECOND = window("10:00:00", "11:00:00"), window("11:00:00", "12:00:00")
STAMP = "2026-01-01 11:30:00"
PLAYER = {"id": "p", "email": "a@example.com", "registered_at": STAMP, "modified_at": STAMP}
SESSION = {"player_id": "p", "session_id": "s", "created_at": STAMP, "updated_at": STAMP}
PAYMENT = {"id": "t", "player_id": "p", "status": "New", "created_at": STAMP, "updated_at": STAMP}
WALLET = {"id": "w", "player_id": "p", "modified_at": STAMP}


def outcome(code: str, feed: str, *answers: list[dict[str, Any]]) -> Outcome:
    asked = Asked(feed)
    for at, rows in zip((FIRST, SECOND), answers, strict=True):
        asked.ask(at, json.dumps(rows).encode(), content_type="application/json")
    rule = rules()[code]
    assert rule.of_feed is not None
    return rule.of_feed(asked.seen())


@pytest.mark.parametrize(
    ("code", "feed", "good", "bad"),
    [
        ("win_count_exceeds_bet_count", "game_activity", SESSION | {"bet_count": 3, "win_count": 1},
         SESSION | {"session_id": "s2", "bet_count": 1, "win_count": 3}),
        ("id_reused", "transactions", PAYMENT, PAYMENT | {"player_id": "q"}),
        ("created_at_changed", "transactions", PAYMENT, PAYMENT | {"created_at": "2026-01-01 11:00:00"}),
        ("status_regressed", "transactions", PAYMENT | {"status": "Success"},
         PAYMENT | {"status": "New", "updated_at": "2026-01-01 11:40:00"}),
        ("unknown_field", "wallets", WALLET, WALLET | {"id": "w2", "colour": "red"}),
        ("custom_field_type", "players", PLAYER, PLAYER | {"id": "p2", "level": {"now": 3}}),
        ("custom_field_type_changes", "players", PLAYER | {"level": 3}, PLAYER | {"id": "p2", "level": "gold"}),
        ("id_not_string", "wallets", WALLET, WALLET | {"id": 17}),
        ("required_type_from_document_example", "transactions", PAYMENT | {"amount": 3},
         PAYMENT | {"id": "t2", "amount": "3"}),
        ("boolean_as_digit", "wallets", WALLET | {"is_primary": True}, WALLET | {"id": "w2", "is_primary": 1}),
    ],
)  # fmt: skip
def test_a_finding_shows_an_answer_that_has_its_sample(
    code: str, feed: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    found = outcome(code, feed, [good], [bad])
    assert found.status is Status.FAIL
    assert found.samples
    assert found.seen is not None
    assert found.seen.window == SECOND


def test_an_odd_value_of_a_custom_field_may_tell_who_somebody_is() -> None:
    header = ("id", "email", "registered_at", "modified_at", "nick")
    rows = [(f"p{n}", "a@example.com", STAMP, STAMP, str(n)) for n in range(30)]
    asked = Asked("players").ask(SECOND, csv(header, [*rows, ("p30", "a@example.com", STAMP, STAMP, "Jane Roe")]))
    rule = rules()["custom_field_type_changes"]
    assert rule.of_feed is not None
    found = rule.of_feed(asked.seen())
    assert found.text == "the custom field nick is a number in 30 rows and something else in 1"
    assert "Jane Roe" in str(found.samples)
    assert "Jane Roe" not in str([redacted(sample) for sample in found.samples])


def test_no_finding_is_without_a_sample() -> None:
    rows = csv(("id", "player_id", "last_modified"), [("w", "p", STAMP)]).replace(b"\r\n", b"\n")
    asked = Asked("wallets", auth="bearer")
    for probe in ("burst", "hour", "odd:word", "missing", "inverted", "equal", "empty"):
        asked.ask(SECOND, rows, probe=probe, content_type="text/html", date="Thu, 01 Jan 2026 11:00:00 GMT")
    for credentials in ("none", "wrong"):
        asked.ask(SECOND, rows, probe="anonymous", credentials=credentials)
    asked.ask(SECOND, b"", probe="future", status=500).ask(SECOND, b"", probe="unknown_parameter", status=400)
    findings = judge(asked.case())[1]
    assert {"auth_not_required", "cursor_synonym", "csv_line_end", "clock_skew"} <= {one.code for one in findings}
    assert [one.code for one in findings if not one.samples] == []
