import pytest

from halfopen.serve.init.units import divisor
from halfopen.serve.init.vocabulary import vocabulary
from halfopen.sources.schema import Column, Family, Table

WHOLE, PARTS = Family.INTEGER, Family.DECIMAL


@pytest.mark.parametrize(
    ("column", "field", "units"),
    [
        (Column(name="amount_cents", family=WHOLE, samples=(1, 2)), "amount", 100),
        (Column(name="amountMinor", family=WHOLE), "amount", 100),
        (Column(name="amount", family=WHOLE, comment="in cents"), "amount", 100),
        (Column(name="amount", family=PARTS, comment="may hold cents"), "amount", None),
        (Column(name="amount", family=PARTS, samples=(12345,)), "amount", None),
        (Column(name="amount", family=WHOLE, samples=(5, 20, 100)), "amount", None),
        (Column(name="amount", family=WHOLE, samples=(12345, 999)), "amount", 100),
        (Column(name="odds", family=WHOLE, samples=(185, 240)), "ratio", 100),
        (Column(name="odds", family=WHOLE, samples=(1850, 2400)), "ratio", 1000),
    ],
)
def test_how_many_stored_units_make_one(column, field, units):
    found = divisor(vocabulary(), Table(name="t", columns=(column,)), column, field)
    assert (found.divisor if found else None) == units


def test_a_guess_by_values_is_in_doubt():
    column = Column(name="amount", family=WHOLE, samples=(12345,))
    found = divisor(vocabulary(), Table(name="t", columns=(column,)), column, "amount")
    assert found.doubt
