import shutil

import duckdb
import pytest

from halfopen.demo.compare import compare
from halfopen.errors import SinkError
from support.spacevegas import build, faithful_mirror


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    casino = build(folder, players=60, hours=10)
    return casino, faithful_mirror(casino, folder / "mirror.duckdb")


@pytest.fixture
def casino(made):
    return made[0]


@pytest.fixture
def mirror(made, tmp_path):
    return shutil.copy(made[1], tmp_path / "mirror.duckdb")


def change(mirror, statement):
    with duckdb.connect(mirror) as db:
        assert db.execute(statement).fetchone() == (1,), "the test must change exactly one row"


def test_a_faithful_mirror_is_equal(casino, mirror):
    found = compare(casino, mirror)
    assert found.equal
    assert found.rows > 1_000
    assert found.line == f"13 feeds, {found.rows} rows: 0 missing, 0 differing, 0 extra"
    assert found.samples == []


def test_a_row_that_is_gone_is_missing(casino, mirror):
    change(mirror, "delete from logins where id = (select min(id) from logins)")
    found = compare(casino, mirror)
    assert not found.equal
    assert found.line.endswith("1 missing, 0 differing, 0 extra")
    assert found.samples[0].startswith("logins: ")


def test_the_last_digit_of_a_decimal_counts(casino, mirror):
    change(
        mirror,
        "update wallets set balance = balance + 0.000000000000000001 where id ="
        " (select id from wallets order by balance desc limit 1)",
    )
    found = compare(casino, mirror)
    assert found.line.endswith("0 missing, 1 differing, 0 extra")
    assert "balance differs" in found.samples[0]


@pytest.mark.parametrize(
    ("table", "assignment", "where"),
    [
        ("transactions", "comment = null", "comment = ''"),
        ("transactions", "comment = ''", "comment is null"),
        ("transactions", "comment = replace(comment, chr(13), '')", "comment like '%' || chr(13) || '%'"),
        ("contacts", "phone_subscribe = false", "phone_subscribe is null"),
        ("players", "self_excluded = null", "not self_excluded"),
        ("players", "birthday = birthday + 1", "birthday is not null"),
        ("sports_bets", "stake = stake / 100", "stake > 0"),
        ("game_activity", "win_count = win_count + 1", "win_count > 0"),
        ("auto_logins", "login_token = login_token || 'f'", "true"),
        ("sports_odds", "updated_at = updated_at + interval 1 second", "true"),
        ("players", """custom = json_merge_patch(custom, '{"vip_level": "77"}')""", "true"),
        ("players", """custom = json_merge_patch(custom, '{"tags": "a, b"}')""", "true"),
    ],
)
def test_any_field_that_differs_is_found(casino, mirror, table, assignment, where):
    change(mirror, f"update {table} set {assignment} where rowid = (select min(rowid) from {table} where {where})")
    found = compare(casino, mirror)
    assert found.line.endswith("0 missing, 1 differing, 0 extra")
    assert found.samples[0].startswith(f"{table}: ")


def test_a_row_that_the_casino_never_had_is_extra(casino, mirror):
    change(mirror, "insert into bonus_list (product, id, name) values ('spacevegas', 'bonus-99', 'Never')")
    found = compare(casino, mirror)
    assert found.line.endswith("0 missing, 0 differing, 1 extra")
    assert found.samples == ["bonus_list: 'bonus-99' extra"]


def test_a_row_that_is_there_twice_is_extra(casino, mirror):
    change(mirror, "insert into bonus_list select * from bonus_list limit 1")
    assert compare(casino, mirror).line.endswith("0 missing, 0 differing, 1 extra")


def test_rows_of_other_products_do_not_count(casino, mirror):
    change(mirror, "insert into bonus_list (product, id, name) values ('other', 'bonus-99', 'Never')")
    assert compare(casino, mirror).equal


def test_a_mirror_that_is_none_is_named(casino, tmp_path):
    path = tmp_path / "mirror.duckdb"
    path.write_text("not a database, but long enough to look at" * 10)
    with pytest.raises(SinkError, match=r"mirror.*cannot be compared"):
        compare(casino, path)
