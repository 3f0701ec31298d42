"""Players who excluded themselves: written down once, with the moment at which the mirror knew."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from halfopen.sinks.base import Sink
from halfopen.wire.negotiate import Format
from support.answers import NOON, Answers, custom, player, stored, table

MINUTE = timedelta(minutes=1)


def lines(sink: Sink) -> list[dict[str, Any]]:
    return table(sink, "SELECT * FROM halfopen.self_exclusions ORDER BY player, modified_at")


def players(sink: Sink) -> list[str]:
    return [line["player"] for line in lines(sink)]


def test_a_newly_excluded_player_is_written_down_with_the_moment_of_the_commit(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("u1", self_excluded="false"), player("u2"), player("u3")])])
    before = datetime.now(UTC).replace(tzinfo=None)
    rows = [player(f"u{n}", f"2026-03-01 12:01:0{n}", self_excluded="true") for n in range(1, 5)]
    sink.apply([answer("players", [*rows, player("u5", self_excluded="false")], window=("01:00", "02:00"))])
    after = datetime.now(UTC).replace(tzinfo=None)

    assert players(sink) == ["u1", "u2", "u3", "u4"]
    first = lines(sink)[0]
    assert first["product"] == "vegas"
    assert f"{first['modified_at']:%H:%M:%S}" == "12:01:01"
    assert (f"{first['window_start']:%H:%M}", f"{first['window_end']:%H:%M}") == ("12:01", "12:02")
    assert all(before <= line["committed_at"] <= after for line in lines(sink))


@pytest.mark.parametrize("again", ["true", "1", None])
def test_who_stays_excluded_is_written_down_once(sink: Sink, answer: Answers, again: str | None) -> None:
    sink.apply([answer("players", [player("u1", self_excluded="true")])])
    sink.apply([answer("players", [player("u1", self_excluded="true")], rung=1)])
    sink.apply([answer("players", [player("u1", "2026-03-01 12:00:30", city="Riga", self_excluded=again)])])
    assert stored(sink, "players")["u1"]["self_excluded"] is True
    assert players(sink) == ["u1"]


def test_who_came_back_and_left_again_is_written_down_twice(sink: Sink, answer: Answers) -> None:
    for second, flag in enumerate(("true", "false", "true")):
        sink.apply([answer("players", [player("u1", f"2026-03-01 12:00:0{second}", self_excluded=flag)])])
    assert players(sink) == ["u1", "u1"]


def test_a_stale_row_tells_nothing(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("u1", "2026-03-01 12:00:30", self_excluded="false")])])
    sink.apply([answer("players", [player("u1", "2026-03-01 12:00:20", self_excluded="true")])])
    assert players(sink) == []


def test_an_exclusion_that_a_later_row_of_its_answer_says_nothing_of_is_written_down(
    sink: Sink, answer: Answers
) -> None:
    """Also in many answers at once, and once however often the same is answered."""
    flags = {"u1": ("true", None), "u2": ("true", "false"), "u3": ("false", "true"), "u4": (None, None)}
    rows = [
        player(key, f"2026-03-01 12:00:{10 + place}", self_excluded=flag)
        for key, both in flags.items()
        for place, flag in enumerate(both)
    ]
    products = ("vegas", "macau", "reno")
    for rung in range(2):
        answers = []
        for product in products:
            answer.product = product
            answers.append(answer("players", [*rows, player("u5", self_excluded="true")], rung=rung))
        applied = sink.apply(answers)
        assert [one.changed for one in applied] == [0 if rung else 5] * 3
        for product in products:
            found = stored(sink, "players", product)
            assert [found[f"u{n}"]["self_excluded"] for n in range(1, 6)] == [True, False, True, None, True]
            mine = [line for line in lines(sink) if line["product"] == product]
            told = [(line["player"], line["modified_at"].second) for line in mine]
            assert told == [("u1", 10), ("u2", 10), ("u3", 11), ("u5", 10)]
    assert None not in [line["committed_at"] for line in lines(sink)]
    doubles = table(sink, "SELECT count FROM halfopen.findings WHERE code = 'duplicate_id'")
    assert [row["count"] for row in doubles] == [8, 8, 8]


def test_rows_that_leave_all_as_it_is_write_nothing_down(sink: Sink, answer: Answers) -> None:
    """Of equal stamps the last counts; what comes again as it was changes nothing, so nothing happened."""
    rows = [player("u1", self_excluded=flag) for flag in ("true", "false", "true")]
    for city in ("Riga", "Tallinn"):
        sink.apply([answer("players", [*rows, player("u2", city=city)], format=Format.NDJSON)])
        assert stored(sink, "players")["u1"]["self_excluded"] is True
        assert players(sink) == ["u1", "u1"]


def test_what_is_older_than_the_mirror_is_told_apart(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("u1", self_excluded="true")])])
    sink.apply([answer("players", [player("u2", "2026-02-01 12:00:00", self_excluded="true")])])
    later = NOON + 10 * MINUTE
    window = ("09:00", "10:00")
    row = player("u3", "2026-03-01 12:09:30", self_excluded="true")
    sink.apply([answer("players", [row], window=window, fetched_at=later)])
    assert [line["initial"] for line in lines(sink)] == [True, True, False]


def test_many_small_answers_at_once_are_looked_through(sink: Sink, answer: Answers) -> None:
    answers = []
    for product in ("vegas", "macau", "reno"):
        answer.product = product
        answers.append(answer("players", [player("u1", self_excluded="true" if product != "reno" else "false")]))
    sink.apply(answers)
    assert sorted(line["product"] for line in lines(sink)) == ["macau", "vegas"]
    for place, product in enumerate(("vegas", "macau", "reno")):
        answer.product = product
        answers[place] = answer("players", [player("u1", "2026-03-01 12:00:30", self_excluded="true")])
    sink.apply(answers)
    assert sorted(line["product"] for line in lines(sink)) == ["macau", "reno", "vegas"]
    assert None not in [line["committed_at"] for line in lines(sink)]


def test_many_rows_at_once_are_looked_through(sink: Sink, answer: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("duckdb.apply", "postgresql.part"):
        monkeypatch.setattr(f"halfopen.sinks.{module}.SMALL_ROWS", 5)
    rows = [player(f"u{n:02}", self_excluded="true" if n % 3 == 0 else None) for n in range(20)]
    sink.apply([answer("players", rows)])
    assert players(sink) == [f"u{n:02}" for n in range(0, 20, 3)]
    assert len({line["committed_at"] for line in lines(sink)}) == 1


def test_answers_without_the_column_or_without_stamps_do(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("u1")], format=Format.NDJSON)])
    assert players(sink) == []
    assert stored(sink, "players")["u1"]["custom"] is None or custom(stored(sink, "players")["u1"]) == {}


def test_nothing_is_written_down_of_an_answer_that_was_not_stored(
    sink: Sink, answer: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*_: object) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr("halfopen.sinks.exclusions.stamp", fall)
        with pytest.raises(RuntimeError, match="power"):
            sink.apply([answer("players", [player("u1", self_excluded="true")])])
    assert players(sink) == []
