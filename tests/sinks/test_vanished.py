"""What a whole catalogue no longer has is marked, and comes back; on every engine."""

from datetime import timedelta
from typing import Any

from halfopen.sinks.base import Answer, Sink
from support.answers import NOON, Answers, player, stored, table


def bonus(key: str, title: str = "x", modified_at: str | None = None) -> dict[str, str | None]:
    return {"id": key, "name": title, "modified_at": modified_at, "created_at": "2026-01-01 00:00:00"}


def catalogue(answer: Answers, *keys: str, minute: int = 1, **more: Any) -> Answer:
    rows = [bonus(key) for key in keys]
    body: Any = rows or b"id,name,modified_at,created_at\r\n"
    return answer("bonus_list", body, whole=True, fetched_at=NOON + timedelta(minutes=minute), **more)


def marks(sink: Sink, feed: str = "bonus_list") -> dict[str, str | None]:
    return {key: str(row["_vanished_at"] or "") for key, row in stored(sink, feed).items()}


def codes(sink: Sink) -> dict[str, int]:
    rows = table(sink, "SELECT code, sum(count)::bigint AS n FROM halfopen.findings GROUP BY code")
    return {row["code"]: row["n"] for row in rows if row["code"] in {"vanished", "catalogue_is_empty"}}


def test_what_is_gone_is_marked_and_comes_back(sink: Sink, answer: Answers) -> None:
    sink.apply([catalogue(answer, "a", "b", "c")])
    sink.apply([catalogue(answer, "a", minute=2)])
    assert marks(sink) == {"a": "", "b": "2026-03-01 12:02:00", "c": "2026-03-01 12:02:00"}
    [again] = sink.apply([catalogue(answer, "a", minute=3)])
    assert again.changed == 0
    assert marks(sink)["b"] == "2026-03-01 12:02:00", "since when it has been gone"
    [back] = sink.apply([catalogue(answer, "a", "c", minute=4)])
    assert back.changed == 1
    assert marks(sink) == {"a": "", "b": "2026-03-01 12:02:00", "c": ""}
    assert codes(sink) == {"vanished": 2}


def test_an_empty_catalogue_marks_nothing_and_is_told(sink: Sink, answer: Answers) -> None:
    sink.apply([catalogue(answer)])
    assert codes(sink) == {}
    sink.apply([catalogue(answer, "a", minute=2)])
    sink.apply([catalogue(answer, minute=3)])
    assert marks(sink) == {"a": ""}
    assert codes(sink) == {"catalogue_is_empty": 1}


def test_held_rows_and_other_products_are_not_gone(sink: Sink, answer: Answers) -> None:
    other = Answers(sink, answer.folder / "other", product="other")
    other.folder.mkdir()
    sink.apply([catalogue(answer, "a", "b"), catalogue(other, "a", "b")])
    broken = [bonus("a"), {**bonus("b"), "modified_at": "never"}]
    sink.apply([answer("bonus_list", broken, whole=True, fetched_at=NOON + timedelta(minutes=2))])
    assert set(marks(sink).values()) == {""}
    sink.apply([catalogue(answer, "b", minute=3)])
    assert {key: str(row["_vanished_at"] or "") for key, row in stored(sink, "bonus_list", "other").items()} == {
        "a": "", "b": "",
    }  # fmt: skip


def test_an_ordinary_answer_brings_back_what_was_marked(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("p"), player("q")])])
    sink.vanish("vegas", "players", ["p", "q"], NOON)
    sink.apply([answer("players", [player("p"), player("q", "2026-03-01 12:00:30")])])
    assert marks(sink, "players") == {"p": "", "q": ""}
    sink.vanish("vegas", "players", ["p", "q"], NOON)
    small = [answer("players", [player("p")]), answer("logins", b"id,player_id,created_at\r\n")]
    sink.apply(small)
    assert marks(sink, "players") == {"p": "", "q": "2026-03-01 12:00:00"}
