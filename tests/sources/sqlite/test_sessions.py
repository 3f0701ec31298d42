"""Game sessions out of actions: the three steps of the requirements, against a plain model in Python."""

import asyncio
import json
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection, Sessions
from halfopen.sources.sqlite import SqliteSource
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.session_model import WIDE, model

AT = datetime(2024, 1, 1, 12, tzinfo=UTC)
ORDER = (
    "player_id", "session_id", "game_name", "bet_count", "win_count", "bet_amount", "win_amount", "created_at",
    "updated_at",
)  # fmt: skip
BARE = {
    "session_id": '"s"',
    "kind": '"k"',
    "bet": "'bet', 'free'",
    "win": "'win'",
    "amount": '"a"',
    "created_at": '"t"',
}
FULL = BARE | {"rollback": "'back'", "round_id": '"r"'}


def selection(words: dict[str, str], **more) -> Selection:
    plain = tuple(
        Column(name=name, kind=Kind.STRING, sql=sql) for name, sql in (("player_id", '"p"'), ("game_name", '"g"'))
    )
    sessions = Sessions(**words, divisor=more.pop("divisor", None))
    return Selection(feed="game_activity", relation='"actions"', columns=plain, sessions=sessions, order=ORDER, **more)


def made(folder: Path, actions: list[tuple], chosen: Selection, window: Window | None) -> list[dict]:
    path = folder / "t.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table actions (s, k, a, t, r, p, g)")
        connection.executemany("insert into actions values (?, ?, ?, ?, ?, ?, ?)", actions)
        connection.commit()

    async def read() -> bytes:
        source = SqliteSource(path, 1)
        async with source.stream(chosen, window, Format.NDJSON) as stream:
            body = b"".join([block async for block in stream])
        source.close()
        return body

    return [json.loads(line, parse_float=Decimal) for line in asyncio.run(read()).splitlines()]


def action(  # noqa: PLR0917 - the columns of the table, in their order
    session="s1", kind="bet", amount: object = "1", seconds: float = 0, round_="r1", player="p1", game="g1"
) -> tuple:
    stamp = (AT + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat(" ", "microseconds")
    return session, kind, amount, stamp, round_, player, game


def minute(n: int = 0) -> Window:
    return Window(AT + timedelta(minutes=n), AT + timedelta(minutes=n + 1))


amounts = st.integers(-(2**62), 2**62) | st.decimals(-(10**20), 10**20, places=18).map(lambda d: format(d, "f"))
actions = st.lists(
    st.builds(
        action,
        st.sampled_from(["s1", "s2", "s3"]),
        st.sampled_from(["bet", "free", "win", "back", "other"]),
        amounts,
        st.integers(-100, 200).map(lambda n: n + n % 7 / 7),
        st.sampled_from(["r1", "r2"]),
        st.just("p1"),
        st.sampled_from(["g1", "g2", "g3"]),
    ),
    max_size=25,
    unique_by=lambda row: row[3],
)


@settings(max_examples=60, deadline=None)
@given(actions=actions, full=st.booleans())
def test_any_actions_come_out_as_the_model_says(actions, full):
    with tempfile.TemporaryDirectory() as folder:
        rows = made(Path(folder), actions, selection(FULL if full else BARE), minute())
    expected = model(actions, minute(), full=full)
    assert len(rows) == len({row["session_id"] for row in rows})
    assert {row["session_id"]: row for row in rows} == expected


def test_a_session_is_whole_in_every_window_that_touches_it(tmp_path):
    actions = [action(seconds=0), action(kind="win", amount="2.5", seconds=90), action(session="s2", seconds=130)]
    for n, names in enumerate([["s1"], ["s1"], ["s2"], []]):
        rows = made(tmp_path, actions, selection(FULL), minute(n))
        assert [row["session_id"] for row in rows] == names
        for row in rows:
            if row["session_id"] == "s1":
                assert (row["bet_count"], row["win_amount"]) == (1, Decimal("2.5"))
                assert (row["created_at"], row["updated_at"]) == ("2024-01-01 12:00:00", "2024-01-01 12:01:30")


@pytest.mark.parametrize("amount", [2**63 - 1, "9223372036854775807", "0.000000000000000001", "12345678901234567890.5"])
def test_sums_neither_overflow_nor_round(tmp_path, amount):
    rows = made(tmp_path, [action(amount=amount, seconds=n / 100) for n in range(1000)], selection(FULL), minute())
    assert rows[0]["bet_amount"] == WIDE.multiply(Decimal(str(amount)), 1000)


def test_minor_units_are_divided_after_the_sum(tmp_path):
    actions = [action(amount=n) for n in (1, 2, "3")] + [action(kind="win", amount=250)]
    row = made(tmp_path, actions, selection(FULL, divisor="100"), minute())[0]
    assert (row["bet_amount"], row["win_amount"]) == (Decimal("0.06"), Decimal("2.5"))


def test_a_filter_keeps_actions_out_of_all_three_steps(tmp_path):
    actions = [action(), action(amount="5", game="test"), action(session="s2", game="test")]
    rows = made(tmp_path, actions, selection(FULL, where="\"g\" <> 'test'"), minute())
    assert [(row["session_id"], row["bet_amount"]) for row in rows] == [("s1", 1)]


def test_stamps_may_be_numbers_or_local(tmp_path):
    numbers = [(*action()[:3], 1704110400 + n * 30, *action()[4:]) for n in range(4)]
    row = made(tmp_path, numbers, selection(FULL), minute())[0]
    assert (row["created_at"], row["updated_at"]) == ("2024-01-01 12:00:00", "2024-01-01 12:01:30")
    local = [action(seconds=7200 + n * 30) for n in range(4)]
    row = made(tmp_path, local, selection(FULL, zone="Europe/Riga"), minute())[0]
    assert (row["created_at"], row["updated_at"]) == ("2024-01-01 12:00:00", "2024-01-01 12:01:30")


def test_a_minute_reads_only_its_own_sessions(tmp_path):
    made(tmp_path, [], selection(FULL), minute())
    path = tmp_path / "t.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create index by_time on actions (t)")
        connection.execute("create index by_session on actions (s)")
        connection.executemany(
            "insert into actions values (?, ?, ?, ?, ?, ?, ?)",
            [action(session=f"s{n // 10}", seconds=n) for n in range(20_000)],
        )
        connection.commit()
    source = SqliteSource(path, 1)
    with source._connections.taken() as connection:
        plan = source._planner.plan(connection, selection(FULL), minute(), Format.CSV)
        steps = [row[3] for row in connection.execute(f"explain query plan {plan.sql}", plan.parameters)]
    source.close()
    assert "SEARCH actions USING INDEX by_session (s=?)" in steps
    assert "SEARCH actions USING INDEX by_time (t>? AND t<?)" in steps
    assert not any(step.startswith("SCAN actions") for step in steps)
