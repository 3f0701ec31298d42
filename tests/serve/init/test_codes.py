import pytest

from halfopen.contract.load import feeds
from halfopen.serve.init.codes import coded, documented, truth
from halfopen.serve.init.expression import column
from halfopen.serve.init.vocabulary import vocabulary
from halfopen.sources.schema import Column, Family

TEXT = Family.TEXT


def sql(expression):
    return expression.sql(lambda ref: ref.column)


def told(col, field="dir", feed="transactions"):
    return coded(vocabulary(), feed, field, feeds()[feed].fields[field], col, column(col.name))


def test_words_of_the_contract_stay():
    found = told(Column(name="d", family=TEXT, samples=("IN", "out")))
    assert sql(found.expression) == "d"
    assert found.missing == 0


def test_words_of_the_operator_are_turned_and_the_rest_is_left_for_the_judge():
    found = told(Column(name="kind", family=TEXT, samples=("topup", "cashout", "mystery")))
    assert (
        sql(found.expression)
        == "case kind when 'cashout' then 'OUT' when 'topup' then 'IN' else cast(kind as text) end"
    )
    assert found.missing == 1
    assert found.words == {"IN", "OUT"}


def test_values_without_any_known_word_are_no_choice():
    assert told(Column(name="kind", family=TEXT, samples=("foo", "bar"))) is None


def test_numbers_by_their_comment():
    found = told(Column(name="t", family=Family.INTEGER, comment="1=deposit, 2=withdrawal", samples=(1, 2)))
    assert sql(found.expression) == "case t when 1 then 'IN' when 2 then 'OUT' else cast(t as text) end"


def test_legal_values_of_the_schema_count_also_when_no_row_has_them():
    found = told(Column(name="t", family=TEXT, values=("DEPOSIT", "TOPUP", "WITHDRAWAL")))
    assert "when 'TOPUP' then 'IN'" in sql(found.expression)


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("1=deposit, 2=withdrawal", {"1": "deposit", "2": "withdrawal"}),
        ("1 - deposit; 2 - withdrawal", {"1": "deposit", "2": "withdrawal"}),
        ("0: new / 1: in progress / 9: failed", {"0": "new", "1": "in progress", "9": "failed"}),
        ("D=deposit W=withdrawal", {"D": "deposit", "W": "withdrawal"}),
        ("1 => 'deposit', 2 => 'withdrawal'", {"1": "deposit", "2": "withdrawal"}),
        ("amount in cents", {}),
        ("see ticket 12", {}),
    ],
)
def test_what_comments_say_of_codes(comment, codes):
    assert documented(Column(name="c", comment=comment)) == codes


@pytest.mark.parametrize(
    ("col", "opposite", "expected"),
    [
        (Column(name="c", family=Family.BOOLEAN), False, "c"),
        (Column(name="c", family=Family.BOOLEAN), True, "not c"),
        (Column(name="c", family=Family.STAMP), False, "c is not null"),
        (Column(name="c", family=Family.STAMP), True, "c is null"),
        (Column(name="c", family=Family.INTEGER, samples=(0, 1)), True, "c = 0"),
        (Column(name="c", family=TEXT, samples=("success", "failed")), False, "c in ('success')"),
    ],
)
def test_booleans(col, opposite, expected):
    assert sql(truth(vocabulary(), col, column("c"), opposite=opposite)[0]) == expected


def test_values_that_say_neither_are_no_boolean():
    assert (
        truth(vocabulary(), Column(name="c", family=TEXT, samples=("red", "yes")), column("c"), opposite=False) is None
    )
