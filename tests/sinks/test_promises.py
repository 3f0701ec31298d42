"""What every mirror does with good rows: types, versions, what outlives a null, what is told apart."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain, count, zip_longest
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from halfopen.contract.load import feed as feed_of
from halfopen.sinks.base import Sink
from halfopen.wire.negotiate import Format
from support.answers import NOON, Answers, custom, player, session, stored, table, transaction

_products = (f"product{number}" for number in count())
MODEST = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_row_is_stored_in_its_types_with_its_lineage(sink: Sink, answer: Answers) -> None:
    rows = [player("u1", birthday="1974-10-17", is_blocked="1", self_excluded="no", first_name="")]
    asked = answer("players", rows)
    [applied] = sink.apply([asked])

    row = stored(sink, "players")["u1"]
    assert (applied.rows, applied.changed, applied.quarantined, applied.late) == (1, 1, 0, 0)
    assert row["product"] == "vegas"
    assert row["birthday"] == date(1974, 10, 17)
    assert row["registered_at"] == datetime(2026, 1, 1)  # noqa: DTZ001 - the mirror's moments are UTC without a zone
    assert (row["is_blocked"], row["self_excluded"]) == (True, False)
    assert (row["first_name"], row["last_name"], row["custom"]) == ("", None, None)
    assert row["_window_start"] == datetime(2026, 3, 1, 12, 0)  # noqa: DTZ001 - as above
    assert row["_window_end"] == datetime(2026, 3, 1, 12, 1)  # noqa: DTZ001 - as above
    assert row["_fetched_at"] == datetime(2026, 3, 1, 12, 1, 1)  # noqa: DTZ001 - as above
    assert row["_seq"] == asked.seq


@given(
    digits=st.integers(0, 10**38 - 1),
    places=st.integers(0, 18),
    written=st.sampled_from([Format.CSV, Format.NDJSON]),
)
@example(digits=10**38 - 1, places=18, written=Format.CSV)
@example(digits=10**38 - 1, places=18, written=Format.NDJSON)
@example(digits=12345678901234567890123456789012345678, places=18, written=Format.CSV)
@example(digits=1, places=18, written=Format.NDJSON)
@MODEST
def test_decimals_are_exact_to_the_last_of_38_digits(
    sink: Sink, answer: Answers, digits: int, places: int, written: Format
) -> None:
    """Up to 20 digits before the point and 18 after it, through CSV and JSON."""
    digits %= 10 ** (20 + places)
    whole, fraction = divmod(digits, 10**places)
    amount = f"{whole}.{fraction:0{places}}" if places else str(whole)
    answer.product = next(_products)
    sink.apply([answer("transactions", [transaction("t", amount=amount)], format=written)])
    assert stored(sink, "transactions", answer.product)["t"]["amount"] == Decimal(amount)


def test_a_decimal_with_leading_zeros_is_what_it_says(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("t", amount="007.50")])])
    assert stored(sink, "transactions")["t"]["amount"] == Decimal("7.5")


@given(
    arrivals=st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=12, unique=True
    ),
    order=st.randoms(use_true_random=False),
    batch=st.integers(1, 4),
)
@MODEST
def test_stale_never_overwrites_new(
    sink: Sink, answer: Answers, arrivals: list[tuple[int, int, int]], order: Any, batch: int
) -> None:
    """Answers of one row each, applied in any order, against a model that keeps the greatest (cursor, sequence)."""
    answer.product = next(_products)
    answers = []
    for key, second, content in arrivals:
        row = transaction(f"t{key}", f"2026-03-01 12:00:0{second}", comment=f"content {content}")
        answers.append((answer("transactions", [row]), key, second, content))
    order.shuffle(answers)

    model: dict[int, tuple[int, int, int]] = {}
    for asked, key, second, content in answers:
        kept = model.get(key)
        if kept is None or ((second, asked.seq) > kept[:2] and (second, content) != (kept[0], kept[2])):
            model[key] = (second, asked.seq, content)
    for first in range(0, len(answers), batch):
        sink.apply([asked for asked, *_ in answers[first : first + batch]])

    found = {
        key: (row["updated_at"].second, row["_seq"], int(row["comment"][-1]))
        for key, row in stored(sink, "transactions", answer.product).items()
    }
    assert found == {f"t{key}": kept for key, kept in model.items()}


@given(
    rows=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=8),
)
@MODEST
def test_within_an_answer_the_highest_cursor_wins_then_the_last(
    sink: Sink, answer: Answers, rows: list[tuple[str, int, int]]
) -> None:
    answer.product = next(_products)
    body = [transaction(key, f"2026-03-01 12:00:0{second}", comment=str(content)) for key, second, content in rows]
    [applied] = sink.apply([answer("transactions", body)])

    model: dict[str, tuple[int, str]] = {}
    for key, second, content in rows:
        if key not in model or second >= model[key][0]:
            model[key] = (second, str(content))
    found = stored(sink, "transactions", answer.product)
    assert {key: (row["updated_at"].second, row["comment"]) for key, row in found.items()} == model
    assert applied.changed == len(model)
    counted = table(
        sink,
        f"SELECT count FROM halfopen.findings WHERE code = 'duplicate_id' AND product = '{answer.product}'",
    )
    assert [row["count"] for row in counted] == ([len(rows) - len(model)] if len(rows) > len(model) else [])


def test_equal_content_is_not_written_again(sink: Sink, answer: Answers) -> None:
    first = answer("transactions", [transaction("t", comment="a")])
    again = answer("transactions", [transaction("t", comment="a")], rung=1)
    sink.apply([first])
    [applied] = sink.apply([again])
    assert (applied.rows, applied.changed, applied.late) == (1, 0, 0)
    assert stored(sink, "transactions")["t"]["_seq"] == first.seq


def test_other_content_under_an_equal_cursor_is_taken_from_the_later_request(sink: Sink, answer: Answers) -> None:
    earlier = answer("transactions", [transaction("t", comment="earlier")])
    later = answer("transactions", [transaction("t", comment="later")])
    sink.apply([later])
    assert sink.apply([earlier])[0].changed == 0
    assert stored(sink, "transactions")["t"]["comment"] == "later"
    sink.apply([answer("transactions", [transaction("t", comment="latest")])])
    assert stored(sink, "transactions")["t"]["comment"] == "latest"
    assert table(sink, "SELECT code, count FROM halfopen.findings") == [{"code": "changed_without_cursor", "count": 1}]


def test_a_cursor_that_goes_back_is_refused_and_reported(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("t", "2026-03-01 12:00:30", comment="new")])])
    [applied] = sink.apply([answer("transactions", [transaction("t", "2026-03-01 12:00:20", comment="old")])])
    assert (applied.changed, applied.findings) == (0, 1)
    assert stored(sink, "transactions")["t"]["comment"] == "new"
    assert table(sink, "SELECT code FROM halfopen.findings") == [{"code": "cursor_went_back"}]


def test_sums_of_a_session_may_fall_with_the_request_sequence(sink: Sink, answer: Answers) -> None:
    stale = answer("game_activity", [session("s", "2026-03-01 12:00:50", bet_amount="5", bet_count="2")])
    sink.apply([answer("game_activity", [session("s", "2026-03-01 12:00:40", bet_amount="9")])])
    fallen = answer("game_activity", [session("s", "2026-03-01 12:00:20", bet_amount="7", win_amount="0.1")])
    assert sink.apply([fallen])[0].changed == 1
    assert sink.apply([stale])[0].changed == 0
    row = stored(sink, "game_activity")["s"]
    assert (row["bet_amount"], row["win_amount"], row["updated_at"].second) == (Decimal(7), Decimal("0.1"), 20)


def test_without_a_cursor_the_request_sequence_decides(sink: Sink, answer: Answers) -> None:
    rows = [{"id": "1", "name": "Spring"}, {"id": "2", "name": "Derby"}]
    stale = answer("bonus_list", [{"id": "1", "name": "Older"}])
    assert sink.apply([answer("bonus_list", rows)])[0].changed == 2
    assert sink.apply([stale])[0].changed == 0
    assert sink.apply([answer("bonus_list", [{"id": "1", "name": "Summer"}, rows[1]])])[0].changed == 1
    assert {key: row["name"] for key, row in stored(sink, "bonus_list").items()} == {"1": "Summer", "2": "Derby"}
    sink.apply([answer("bonus_list", [{"id": "1", "name": "Autumn", "modified_at": None}])])
    codes = {row["code"] for row in table(sink, "SELECT code FROM halfopen.findings")}
    assert codes == {"column_appeared", "no_cursor"}


@pytest.mark.parametrize("clock", [None, NOON + timedelta(hours=9)])
def test_a_cursor_far_ahead_does_not_freeze_its_row(sink: Sink, answer: Answers, clock: datetime | None) -> None:
    """It counts as the moment of fetching on the product's clock, whichever time zone that one takes for UTC."""
    now = clock or NOON + timedelta(minutes=1)

    def asked(minutes: float, comment: str) -> Any:
        moment = (now + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")
        return answer("transactions", [transaction("t", moment, comment=comment)], server_date=clock)

    sink.apply([asked(60 * 24 * 365, "from the future")])
    assert sink.apply([asked(-5, "older than that fetch")])[0].changed == 0
    assert sink.apply([asked(59, "ahead, but to be believed")])[0].changed == 1
    assert sink.apply([asked(58, "before it")])[0].changed == 0
    assert stored(sink, "transactions")["t"]["comment"] == "ahead, but to be believed"


def test_safety_flags_outlive_nulls_and_absent_columns(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("u", self_excluded="true", is_blocked="true", status="Normal")])])
    sink.apply(
        [answer("players", [player("u", "2026-03-01 12:00:20", self_excluded=None, is_blocked="", status=None)])]
    )
    row = stored(sink, "players")["u"]
    assert (row["self_excluded"], row["is_blocked"], row["status"]) == (True, True, None)
    sink.apply([answer("players", [player("u", "2026-03-01 12:00:30", self_excluded="false")])])
    row = stored(sink, "players")["u"]
    assert (row["self_excluded"], row["is_blocked"]) == (False, True)
    sink.apply([answer("players", [player("u", "2026-03-01 12:00:40", self_excluded=None)])])
    assert stored(sink, "players")["u"]["self_excluded"] is None


def test_a_refused_consent_outlives_a_null(sink: Sink, answer: Answers) -> None:
    def contact(second: int, email: str | None, phone: str | None) -> dict[str, str | None]:
        return {
            "player_id": "p",
            "created_at": "2026-03-01 11:00:00",
            "modified_at": f"2026-03-01 12:00:{second:02}",
            "email_subscribe": email,
            "phone_subscribe": phone,
        }

    sink.apply([answer("contacts", [contact(1, "false", "true")])])
    sink.apply([answer("contacts", [contact(2, None, None)])])
    row = stored(sink, "contacts")["p"]
    assert (row["email_subscribe"], row["phone_subscribe"]) == (False, None)


STAMPS = (*(f"2026-03-01 12:00:{second}" for second in (10, 20, 30)), "2036-01-01 00:00:00")
STICKY = {"players": ("self_excluded", "is_blocked"), "contacts": ("email_subscribe", "phone_subscribe")}
VERSION = st.tuples(st.sampled_from(STAMPS), *[st.sampled_from(["true", "false", None])] * 2)
EARLY, SOON, LATE, _ = STAMPS
KNOWN = [
    (None, [(EARLY, "true", "false"), (SOON, None, None)]),
    (None, [(EARLY, "true", "true"), (EARLY, None, "false"), (EARLY, None, None)]),
    (None, [(EARLY, "true", None), (EARLY, "false", None), (EARLY, "true", None)]),
    ((SOON, "true", "false"), [(SOON, "false", "true"), (LATE, None, None)]),
    ((SOON, None, None), [(EARLY, "true", "false"), (LATE, None, None)]),
    ((SOON, "true", "false"), [(LATE, None, None), (EARLY, "false", "true")]),
]


def version(feed: str, key: int, content: int, told: tuple[str, str | None, str | None]) -> dict[str, str | None]:
    """One version of a key: its stamp, its sticky fields, and something that no other version of it has."""
    stamp, *flags = told
    own = {"city": str(content)} if feed == "players" else {"push_token": str(content % 3), "email": str(content)}
    created = "registered_at" if feed == "players" else "created_at"
    common = {feed_of(feed).key: f"u{key}", created: "2026-01-01 00:00:00", "modified_at": stamp}
    return {**common, **own, **dict(zip(STICKY[feed], flags, strict=True))}


def left(sink: Sink, feed: str, product: str) -> tuple[Any, ...]:
    """The stored rows, and what is written down of self-exclusions."""
    names = ("modified_at", "city", "push_token", "email", *STICKY[feed])
    rows = {key: [row.get(name) for name in names] for key, row in stored(sink, feed, product).items()}
    lines = f"SELECT player, modified_at, initial FROM halfopen.self_exclusions WHERE product = '{product}'"
    return rows, sorted(map(str, sink.query(lines)[1]))


@given(
    feed=st.sampled_from(list(STICKY)),
    keys=st.lists(st.tuples(st.none() | VERSION, st.lists(VERSION, min_size=1, max_size=4)), min_size=4, max_size=8),
    written=st.sampled_from([Format.CSV, Format.NDJSON]),
    small_rows=st.sampled_from([0, 20_000]),
)
@example("players", KNOWN, Format.CSV, 20_000)
@example("contacts", KNOWN, Format.NDJSON, 0)
@settings(MODEST, max_examples=4)
def test_versions_of_a_key_in_one_answer_come_to_what_they_come_to_one_by_one(  # noqa: PLR0917 - what is drawn
    sink: Sink, answer: Answers, feed: str, keys: list[tuple[Any, list[Any]]], written: Format, small_rows: int
) -> None:
    before = [version(feed, key, 9, told) for key, (told, _) in enumerate(keys) if told]
    before.append(version(feed, 99, 9, (EARLY, None, None)))
    bodies = [
        [version(feed, key, content, told) for content, told in enumerate(versions)]
        for key, (_, versions) in enumerate(keys)
    ]
    in_order = [sorted(body, key=lambda row: row["modified_at"] or "") for body in bodies]
    turns = [[row for row in turn if row] for turn in zip_longest(*in_order)]
    found = []
    with pytest.MonkeyPatch.context() as patch:
        for module in ("duckdb.apply", "postgresql.part"):
            patch.setattr(f"halfopen.sinks.{module}.SMALL_ROWS", small_rows)
        for answers in ([list(chain(*bodies))], turns):
            answer.product = next(_products)
            for rows in [before, *answers]:
                sink.apply([answer(feed, rows, format=written)])
            found.append(left(sink, feed, answer.product))
    assert found[0] == found[1]


def test_an_absent_column_leaves_what_is_stored(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("u", city="Riga", country="LV", vip="7", tags="a, b")])])
    sink.apply([answer("players", [player("u", "2026-03-01 12:00:20", country=None, vip="8")])])
    row = stored(sink, "players")["u"]
    assert (row["city"], row["country"]) == ("Riga", None)
    assert table(sink, "SELECT custom->>'vip' AS vip, custom->>'tags' AS tags FROM players") == [
        {"vip": "8", "tags": "a, b"}
    ]


def test_columns_beyond_the_contract_go_to_custom_without_their_nulls(sink: Sink, answer: Answers) -> None:
    rows = [transaction("1", zone="x", Ärger='say "hi"'), transaction("2", zone=None, Ärger=None)]
    sink.apply([answer("transactions", rows)])
    found = stored(sink, "transactions")
    assert (custom(found["1"]), found["2"]["custom"]) == ({"zone": "x", "Ärger": 'say "hi"'}, None)
    gone = [transaction("1", "2026-03-01 12:00:20", zone=None, Ärger="still")]
    sink.apply([answer("transactions", gone)])
    assert custom(stored(sink, "transactions")["1"]) == {"Ärger": "still"}
    assert sink.apply([answer("transactions", gone)])[0].changed == 0


@pytest.mark.parametrize("format_", [Format.CSV, Format.NDJSON])
def test_columns_may_be_called_like_parameters(sink: Sink, answer: Answers, format_: Format) -> None:
    """Neither a plain row, nor one with an odd value, nor many answers at once may be lost for it."""
    names = ("$p_city", "$p_product", "$1", "'$p_seq", '"$p_seq"')
    for second, country in enumerate(("EE", "ZZZ", "EE"), 10):
        told = {name: f"{name} {second}" for name in names}
        row = player("u", f"2026-03-01 12:00:{second}", country=country, **told)
        sink.apply([answer("players", [row], format=format_)])
        assert custom(stored(sink, "players")["u"]) == told
    answers = []
    for product in ("reno", "macau"):
        answer.product = product
        rows = [player("u", country="ZZZ", **told), player("v", country="EE", **dict.fromkeys(names))]
        answers.append(answer("players", rows, format=format_))
    sink.apply(answers)
    for product in ("reno", "macau"):
        assert custom(stored(sink, "players", product)["u"]) == told


def test_an_unreadable_optional_value_becomes_null_and_its_text_is_kept(sink: Sink, answer: Answers) -> None:
    rows = [player("u", birthday="17/10/1974"), player("v", birthday="1974-10-17"), player("w", birthday=None)]
    [applied] = sink.apply([answer("players", rows)])
    found = stored(sink, "players")
    assert (applied.quarantined, applied.findings) == (0, 1)
    assert [found[key]["birthday"] for key in "uvw"] == [None, date(1974, 10, 17), None]
    assert custom(found["u"]) == {"birthday": "17/10/1974"}
    assert [found[key]["custom"] for key in "vw"] == [None, None]
    sink.apply([answer("players", [player("u", "2026-03-01 12:00:20", birthday="1974-10-17", vip="1")])])
    assert custom(stored(sink, "players")["u"]) == {"vip": "1"}


def test_views_speak_the_canonical_words_and_tables_keep_what_was_sent(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("t", dir="Out", type="normal", status="odd")])])
    sql = "SELECT dir, type, status FROM {}"
    assert sink.query(sql.format("transactions"))[1] == [("Out", "normal", "odd")]
    assert sink.query(sql.format("transactions_canonical"))[1] == [("OUT", "Real", "odd")]


def test_a_login_token_is_kept_as_its_hash(sink: Sink, answer: Answers) -> None:
    rows = [{"player_id": "p", "login_token": "abc", "updated_at": "2026-03-01 12:00:10"}]
    sink.apply([answer("auto_logins", rows)])
    assert stored(sink, "auto_logins")["p"]["login_token"] == (
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert sink.apply([answer("auto_logins", rows)])[0].changed == 0
