import pytest

from halfopen.serve.init.derived import soft_deletes
from halfopen.serve.init.links import Links, Names
from halfopen.serve.init.match import Matcher
from halfopen.serve.init.vocabulary import vocabulary
from halfopen.sources.schema import Column, Family, Schema, Table


def filters(column: Column) -> list[str]:
    table = Table(name="users", columns=(Column(name="id", family=Family.INTEGER), column))
    matcher = Matcher(Links(Names(Schema("sqlite", (table,)), vocabulary())), vocabulary())
    return [found.expression.sql(lambda ref: ref.column) for found in soft_deletes(matcher, table)]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column(name="deleted_at", family=Family.STAMP), "deleted_at is null"),
        (Column(name="removedOn", family=Family.DATE), "removedOn is null"),
        (Column(name="is_deleted", family=Family.BOOLEAN, nullable=False), "not is_deleted"),
        (Column(name="is_deleted", family=Family.BOOLEAN), "(is_deleted is null or not is_deleted)"),
        (Column(name="deleted", family=Family.INTEGER, samples=(0, 1)), "coalesce(deleted, 0) = 0"),
        (Column(name="deleted_ts", family=Family.INTEGER, samples=(1714521600,)), "deleted_ts is null"),
        (
            Column(name="del_flg", family=Family.TEXT, samples=("N", "Y")),
            "coalesce(del_flg, '') not in ('Y', 'y', 'T', 't', '1', 'true', 'yes')",
        ),
    ],
)
def test_deleted_rows_are_left_out(column, expected):
    assert filters(column) == [expected]


@pytest.mark.parametrize("name", ["deleted_by", "undeletable", "updated_at", "deleted_reason"])
def test_what_only_speaks_of_deleting_is_no_mark(name):
    assert filters(Column(name=name, family=Family.TEXT)) == []
