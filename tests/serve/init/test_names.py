import pytest

from halfopen.serve.init.names import common_prefix, without
from halfopen.serve.init.vocabulary import vocabulary


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("created_at", ("created", "at")),
        ("createdAt", ("created", "at")),
        ("CreatedAt", ("created", "at")),
        ("CREATED_AT", ("created", "at")),
        ("date_created", ("date", "created")),
        ("usr_email", ("user", "email")),
        ("trx_amt", ("transaction", "amount")),
        ("players", ("player",)),
        ("Currencies", ("currency",)),
        ("addresses", ("address",)),
        ("bonuses", ("bonus",)),
        ("status", ("status",)),
        ("playerid", ("player", "id")),
        ("lastlogin", ("last", "login")),
        ("ISOCode", ("code", "code")),
        ("casino.tbl_users", ("table", "user")),
        ("wal_bal_cents", ("wallet", "balance", "cent")),
    ],
)
def test_identifiers_as_words(identifier, words):
    assert vocabulary().words(identifier) == words


def test_a_prefix_is_what_most_names_begin_with():
    names = [("usr", "id"), ("usr", "email"), ("usr", "name"), ("created",)]
    assert common_prefix(names) == ("usr",)
    assert common_prefix(names[:2]) == ()
    assert common_prefix([("a",), ("b",), ("c",)]) == ()


def test_a_prefix_is_not_all_that_there_is():
    assert without(("usr",), ("usr", "id")) == ("id",)
    assert without(("usr",), ("usr",)) == ("usr",)
    assert without((), ("usr", "id")) == ("usr", "id")
