"""What a statement names as its parameters, and what only looks like one."""

import pytest

from halfopen.contract.sql import literal, quote
from halfopen.sinks.parameters import names, numbered


def test_parameters_are_named_once_in_their_order() -> None:
    assert numbered("SELECT $p_seq::bigint, $p_product, $p_seq") == ("SELECT $1::bigint, $2, $1", ("seq", "product"))


@pytest.mark.parametrize("text", ["$p_city", "it's $p_city", '"$p_city', "'$p_city'", "''", "$p_seq"])
def test_what_stands_in_quotes_names_nothing(text: str) -> None:
    sql = f"SELECT {literal(text)} AS {quote(text)}, {{}} FROM {quote(text)} WHERE x = {literal(text)}"
    assert names(sql.format("$p_seq")) == ("seq",)
    assert numbered(sql.format("$p_seq")) == (sql.format("$1"), ("seq",))
