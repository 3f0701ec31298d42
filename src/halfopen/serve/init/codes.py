"""Operators' codes in the contract's words: a column as it is, or a CASE over the values that were seen. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from halfopen.contract.model import Field
from halfopen.serve.init.expression import Expression, literal
from halfopen.serve.init.facts import Look, codes, is_code, looks
from halfopen.serve.init.vocabulary import Vocabulary
from halfopen.sources.schema import Column, Family

_DOCUMENTED: Final = re.compile(
    r"""(?<![\w.])(-?\d+|[A-Za-z]{1,4})\s*(?:=>|=|:|-(?!\d))\s*['"]?   # the code, and a sign between
    ([A-Za-z][\w \-]*?)(?=['"]?\s*                                  # its word, up to
    (?:[,;/|.)\]]|$|\s+-?\d+\s*[=:\-]|\s+[A-Za-z]{1,4}\s*=))        # a sign that ends it, or the next code
    """,
    re.VERBOSE,
)
_ELSE: Final = " else cast({0} as text) end"


@dataclass(frozen=True, slots=True)
class Coded:
    """Values of a column in the contract's words: SQL, the part of the values that have one, how they were known."""

    expression: Expression
    share: float
    words: frozenset[str]
    """The contract's words that occur."""
    ground: str
    missing: int
    """Values without a word."""


def documented(column: Column) -> Mapping[str, str]:
    """What a comment says that codes mean: `1=deposit, 2=withdrawal`."""
    found = {code: word.strip() for code, word in _DOCUMENTED.findall(column.comment)}
    return found if len(found) > 1 else {}


def coded(  # noqa: PLR0917 - what is looked up, where, and how it is written
    vocabulary: Vocabulary, feed: str, name: str, described: Field, column: Column, sql: Expression
) -> Coded | None:
    """The column's values for a choice; None when it holds no codes, or none of them has a word."""
    if not is_code(column) and not documented(column):
        return None
    meant = documented(column)
    values = tuple(dict.fromkeys((*codes(column), *meant)))
    if not values:
        return None
    own = {
        word.lower(): word
        for word in (*described.values, *(a for aliases in described.values.values() for a in aliases))
    }
    found = {}
    for value in values:
        word = meant.get(value, value)
        meaning = next((w for w in described.values if w.lower() == word.lower()), None)
        meaning = meaning or vocabulary.meaning(feed, name, word)
        if meaning:
            found[value] = meaning
    if not found:
        return None
    how = "a comment" if meant else "the schema" if column.values else "values seen"
    share = len(found) / len(values)
    if not meant and all(value.lower() in own for value in values):
        return Coded(sql, 1.0, frozenset(found.values()), f"{how}: the contract's own words", 0)
    return Coded(
        cases(sql, found, column), share, frozenset(found.values()), f"codes by {how}", len(values) - len(found)
    )


def cases(sql: Expression, meanings: Mapping[str, str], column: Column) -> Expression:
    """A CASE that turns each value into its word, and leaves any other as it is, for the judge to see."""
    whens = " ".join(f"when {written(value, column)} then {literal(word)}" for value, word in meanings.items())
    return sql.within(f"case {{0}} {whens}{_ELSE}")


def written(value: str, column: Column) -> str:
    """A value as a literal of the column's type."""
    is_number = column.family is Family.INTEGER or (column.family is Family.UNKNOWN and Look.WHOLE in looks(column))
    return value if is_number and value.lstrip("-").isdigit() else literal(value)


def listed(values: list[str], column: Column) -> str:
    """Values for IN (...)."""
    return ", ".join(written(value, column) for value in values)


def truth(vocabulary: Vocabulary, column: Column, sql: Expression, *, opposite: bool) -> tuple[Expression, str] | None:
    """A column as a boolean, and how; None where its values say neither."""
    if column.family in (Family.STAMP, Family.DATE):
        return sql.within("{0} is null" if opposite else "{0} is not null"), "set where it is so"
    if column.family is Family.BOOLEAN:
        return (sql.within("not {0}"), "the opposite") if opposite else (sql, "")
    seen = codes(column) if is_code(column) else ()
    if Look.FLAG in looks(column) or not column.samples:
        if not opposite:
            return sql, ""
        return (sql.within("{0} = 0"), "the opposite") if column.family is Family.INTEGER else None
    meanings = {value: vocabulary.meaning("boolean", "word", value) for value in seen}
    yes = [value for value, meaning in meanings.items() if meaning == ("false" if opposite else "true")]
    if not yes or not all(meanings.values()):
        return None
    return sql.within(f"{{0}} in ({listed(yes, column)})"), "by the values seen"
