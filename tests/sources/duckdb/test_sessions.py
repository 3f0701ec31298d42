"""Game sessions out of actions: the three steps of the requirements, against a plain model in Python."""

import asyncio
import json
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection, Sessions
from halfopen.sources.duckdb import DuckdbSource
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.session_model import WIDE, model

PATH = Path(tempfile.mkdtemp(prefix="halfopen-duckdb-")) / "actions.duckdb"
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


def fill(actions: list[tuple], amount: str = "decimal(38,18)", stamp: str = "timestamp", session: str = "text") -> None:
    PATH.unlink(missing_ok=True)
    with closing(duckdb.connect(PATH)) as writer:
        writer.execute("set timezone = 'UTC'")
        made = "create type k as enum ('bet', 'free', 'win', 'back', 'other')"
        writer.execute(
            f"{made}; create table actions (s {session}, k k, a {amount}, t {stamp}, r text, p text, g text)"
        )
        if actions:
            rows = ", ".join(str(tuple(str(value) for value in row)) for row in actions)
            writer.execute(f"insert into actions values {rows}")


def made(actions: list[tuple], chosen: Selection, window: Window | None, format_=Format.NDJSON, **types) -> list[dict]:
    fill(actions, **types)

    async def read() -> bytes:
        source = DuckdbSource(PATH, 1)
        try:
            async with source.stream(chosen, window, format_) as stream:
                return b"".join([block async for block in stream])
        finally:
            source.close()

    return [json.loads(line, parse_float=Decimal) for line in asyncio.run(read()).splitlines()]


def action(  # noqa: PLR0917 - the columns of the table, in their order
    session="s1", kind="bet", amount: object = "1", seconds: float = 0, round_="r1", player="p1", game="g1"
) -> tuple:
    stamp = (AT + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat(" ", "microseconds")
    return session, kind, amount, stamp, round_, player, game


def minute(n: int = 0) -> Window:
    return Window(AT + timedelta(minutes=n), AT + timedelta(minutes=n + 1))


amounts = st.integers(-(2**61), 2**61) | st.decimals(-(10**18), 10**18, places=18).map(lambda d: format(d, "f"))
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


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(actions=actions, full=st.booleans(), stamp=st.sampled_from(["timestamptz", "timestamp", "timestamp_ns", "text"]))
def test_any_actions_come_out_as_the_model_says(actions, full, stamp):
    rows = made(actions, selection(FULL if full else BARE), minute(), stamp=stamp)
    expected = model(actions, minute(), full=full)
    assert len(rows) == len({row["session_id"] for row in rows})
    assert {row["session_id"]: row for row in rows} == expected


def test_a_session_is_whole_in_every_window_that_touches_it():
    actions = [action(seconds=0), action(kind="win", amount="2.5", seconds=90), action(session="s2", seconds=130)]
    for n, names in enumerate([["s1"], ["s1"], ["s2"], []]):
        rows = made(actions, selection(FULL), minute(n))
        assert [row["session_id"] for row in rows] == names
        for row in rows:
            if row["session_id"] == "s1":
                assert (row["bet_count"], row["win_amount"]) == (1, Decimal("2.5"))
                assert (row["created_at"], row["updated_at"]) == ("2024-01-01 12:00:00", "2024-01-01 12:01:30")


@pytest.mark.parametrize(
    ("amount", "type_"),
    [
        (2**63 - 1, "bigint"),
        ("0.000000000000000001", "decimal(38,18)"),
        ("1234567890123456.5", "text"),
        (0.1, "double"),
    ],
)
def test_sums_neither_overflow_nor_round(amount, type_):
    rows = made([action(amount=amount, seconds=n / 100) for n in range(1000)], selection(FULL), minute(), amount=type_)
    assert rows[0]["bet_amount"] == WIDE.multiply(Decimal(str(amount)), 1000)


def test_minor_units_are_divided_after_the_sum():
    actions = [action(amount=n) for n in (1, 2, "3")] + [action(kind="win", amount=250)]
    row = made(actions, selection(FULL, divisor="100"), minute(), amount="integer")[0]
    assert (row["bet_amount"], row["win_amount"]) == (Decimal("0.06"), Decimal("2.5"))


def test_a_filter_keeps_actions_out_of_all_three_steps():
    actions = [action(), action(amount="5", game="test"), action(session="s2", game="test")]
    rows = made(actions, selection(FULL, where="\"g\" <> 'test'"), minute())
    assert [(row["session_id"], row["bet_amount"]) for row in rows] == [("s1", 1)]


def test_stamps_may_be_numbers_or_local():
    numbers = [(*action()[:3], 1704110400 + n * 30, *action()[4:]) for n in range(4)]
    row = made(numbers, selection(FULL), minute(), stamp="bigint")[0]
    assert (row["created_at"], row["updated_at"]) == ("2024-01-01 12:00:00", "2024-01-01 12:01:30")
    local = [action(seconds=7200 + n * 30) for n in range(4)]
    row = made(local, selection(FULL, zone="Europe/Riga"), minute(), stamp="timestamp")[0]
    assert (row["created_at"], row["updated_at"]) == ("2024-01-01 12:00:00", "2024-01-01 12:01:30")


def test_ids_may_be_uuids_and_kinds_enums():
    name = "11ecc708-32d5-423b-bd59-7d114c26c979"
    rows = made([action(session=name), action(session=name, kind="win")], selection(FULL), minute(), session="uuid")
    assert [(row["session_id"], row["bet_count"], row["win_count"]) for row in rows] == [(name, 1, 1)]


async def test_at_most_as_many_sessions_as_wanted():
    fill([action(session=f"s{n}") for n in range(20)])
    source = DuckdbSource(PATH, 1)
    async with source.stream(selection(FULL), None, Format.CSV, 5) as stream:
        body = b"".join([block async for block in stream])
    source.close()
    assert stream.rows == body.count(b"\r\n") == 5
