"""Proposals as the text of a commented `halfopen.toml`. Pure."""

import json
from collections.abc import Iterable, Mapping
from textwrap import wrap

from halfopen.contract.load import feeds
from halfopen.contract.model import Kind
from halfopen.serve.init.dialect import Dialect, dialect
from halfopen.serve.init.expression import Choice
from halfopen.serve.init.proposal import Custom, Part, Proposal
from halfopen.serve.init.select import select
from halfopen.sources.schema import Schema

_WIDTH = 110
_MADE_OF_ACTIONS = ("session_id", "kind", "amount", "created_at", "round_id")
_HEAD = """\
# Written by `halfopen init`: every mapping states why. Look at the lines that say UNSURE, and at every `todo`:
# a feed with a `todo` is not offered until its fields are mapped and taken out of that list.
# Then: halfopen serve --check-config, which tries every mapping on a few rows.

[serve]
database = {database}
listen = "127.0.0.1:8400"
timezone = "UTC"                            # of stamps that carry no zone: is that so in this database?

[[serve.auth]]
scheme = "basic"
user = "crm"
password = "${{FEED_PASSWORD}}"               # from the environment: export FEED_PASSWORD=...
"""


def written(schema: Schema, proposals: Mapping[str, Proposal], database: str) -> str:
    """The whole file; `database` is the address as it is to stand there, without a password."""
    parts = [_HEAD.format(database=json.dumps(database, ensure_ascii=False))]
    parts += [_feed(schema, proposal) for proposal in proposals.values()]
    return "\n".join(parts)


def _feed(schema: Schema, proposal: Proposal) -> str:
    described = feeds()[proposal.feed]
    lines = [f"# {described.title}: {described.doc}"]
    if not proposal.parts:
        needed = ", ".join(described.required)
        lines += [
            *_comment(
                f"Nothing was found: no table looks like it. If there is one, map {needed} and take `offered` out."
            ),
            f"[serve.feeds.{proposal.feed}]",
            "offered = false",
        ]
        return "\n".join(lines) + "\n"
    for part in proposal.parts:
        lines += _comment(f"From {part.table}: {part.ground}.")
    for note in proposal.notes:
        lines += _comment(f"{note[0].upper()}{note[1:]}.")
    if len(proposal.parts) == 1 and proposal.parts[0].is_plain:
        lines += _plain(schema, proposal, proposal.parts[0])
    else:
        lines += _composed(schema, proposal)
    lines += _custom(schema, proposal)
    return "\n".join(lines) + "\n"


def _plain(schema: Schema, proposal: Proposal, part: Part) -> list[str]:
    """One table whose columns are enough."""
    head = [f"[serve.feeds.{proposal.feed}]"]
    way = dialect(schema.engine)
    where = " and ".join(f.expression.sql(lambda ref: way.name(ref.column), way) for f in part.where)
    made = _MADE_OF_ACTIONS if proposal.kinds else ()
    if not proposal.kinds:
        head.append(f"table = {_text(part.table)}")
    if where:
        head.append(f"where = {_text(where)}  # {'; '.join(f.ground for f in part.where)}")
    head += _minor_units(proposal) + _todo(proposal)
    columns = [
        f"{field} = {_text(_shown(choice, way))}{_why(choice)}"
        for field, choice in part.choices.items()
        if field not in made
    ]
    columns += _hidden(schema, proposal, part)
    if columns:
        head += ["", f"[serve.feeds.{proposal.feed}.columns]", *columns]
    if proposal.kinds:
        head += ["", f"[serve.feeds.{proposal.feed}.actions]", f"table = {_text(part.table)}"]
        head += [
            f"{field} = {_text(_shown(choice, way))}{_why(choice)}"
            for field, choice in part.choices.items()
            if field in made
        ]
        head += _kinds(proposal)
    return head + _unused(schema, part, proposal.custom)


def _custom(schema: Schema, proposal: Proposal) -> list[str]:
    """Custom fields, switched off: a person decides what leaves the house."""
    if not proposal.custom:
        return []
    way = dialect(schema.engine)
    part = proposal.parts[0]
    lines = ["", *_comment("What else is known of players. To send one of them take the # away, here and before it:")]
    if not (len(proposal.parts) == 1 and part.is_plain):
        lines = ["", *_comment(f"What else {part.table} knows: add a column to the SELECT and take the # away.")]
    lines.append(f"# [serve.feeds.{proposal.feed}.custom]")
    for field in proposal.custom:
        bare = field.expression.refs[0].column
        sql = bare if field.expression.is_column else field.expression.sql(lambda ref: way.name(ref.column), way)
        lines.append(f'# {field.name} = {{ kind = "{field.kind}", column = {_text(sql)} }}')
    return lines


def _composed(schema: Schema, proposal: Proposal) -> list[str]:
    """Several tables: one SELECT, its reasons before it."""
    lines = []
    for part in proposal.parts:
        if len(proposal.parts) > 1:
            lines.append(f"# {part.table}:")
        for field, choice in part.choices.items():
            lines += _comment(f"{field}: {choice.ground}{_doubt(choice)}", "#   ")
        for filter_ in part.where:
            lines += _comment(f"left out: {filter_.ground}", "#   ")
    sql = f'sql = """\n{_long(select(schema.engine, proposal))}\n"""'
    lines.append(f"[serve.feeds.{proposal.feed}]")
    lines += [*_minor_units(proposal), *_todo(proposal)]
    if not proposal.kinds:
        return [*lines, sql]
    lines += ["", f"[serve.feeds.{proposal.feed}.actions]", sql]
    named = [field for field in _MADE_OF_ACTIONS if all(field in part.choices for part in proposal.parts)]
    return [*lines, *(f"{field} = {_text(_alias(field))}" for field in named), *_kinds(proposal)]


def _alias(field: str) -> str:
    return field


def _kinds(proposal: Proposal) -> list[str]:
    kinds = proposal.kinds
    if kinds is None:
        return []
    found = {"bet": kinds.bet, "win": kinds.win, "rollback": kinds.rollback}
    return [f"{word} = {_text(values)}" for word, values in found.items() if values]


def _minor_units(proposal: Proposal) -> list[str]:
    found: dict[str, set[int | None]] = {}
    for part in proposal.parts:
        for field, choice in part.choices.items():
            if feeds()[proposal.feed].fields.get(field, None) is None and field != "amount":
                continue
            if field == "amount" or feeds()[proposal.feed].fields[field].kind is Kind.DECIMAL:
                found.setdefault(field, set()).add(choice.divisor)
    units = {field: divisors.pop() for field, divisors in found.items() if len(divisors) == 1}
    text = ", ".join(f"{field} = {divisor}" for field, divisor in units.items() if divisor)
    return [f"minor_units = {{ {text} }}"] if text else []


def _todo(proposal: Proposal) -> list[str]:
    if not proposal.todo:
        return []
    words = ", ".join(proposal.todo)
    return [
        *_comment(f"To do: nothing was found for {words}. Map what is missing, then take it out of this list."),
        f"todo = {json.dumps(list(proposal.todo))}",
    ]


def _hidden(schema: Schema, proposal: Proposal, part: Part) -> list[str]:
    """A column that only happens to be called like a field would be served as that field."""
    table = schema.table(part.table)
    fields = feeds()[proposal.feed].fields
    own = {column.name.lower() for column in table.columns} if table else set()
    return [
        f'{field} = "(null)"  # {part.table}.{field} is there, but does not hold what this field means'
        for field in fields
        if field.lower() in own and field not in part.choices and field not in proposal.todo
        and not (proposal.kinds and field in ("bet_count", "win_count", "bet_amount", "win_amount", "updated_at"))
    ]  # fmt: skip


def _unused(schema: Schema, part: Part, custom: Iterable[Custom] = ()) -> list[str]:
    table = schema.table(part.table)
    used = {ref.column for choice in part.choices.values() for ref in choice.expression.refs}
    used |= {ref.column for filter_ in part.where for ref in filter_.expression.refs}
    used |= {ref.column for field in custom for ref in field.expression.refs}
    left = [column.name for column in table.columns if column.name not in used] if table else []
    return _comment(f"Not used: {', '.join(left)}") if left else []


def _shown(choice: Choice, way: Dialect) -> str:
    """A bare column as serve looks it up; anything else as SQL."""
    if choice.expression.is_column:
        return choice.expression.refs[0].column
    return choice.expression.sql(lambda ref: way.name(ref.column), way)


def _why(choice: Choice) -> str:
    return f"  # {_line(choice.ground)}{_doubt(choice)}"


def _doubt(choice: Choice) -> str:
    if choice.is_sure:
        return ""
    return f" (UNSURE: {_line(choice.doubt)})" if choice.doubt else " (UNSURE)"


def _line(text: str) -> str:
    return " ".join(text.split())


def _comment(text: str, indent: str = "# ") -> list[str]:
    return wrap(_line(text), _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _long(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"""', '""\\"')


def unsure(proposals: Iterable[Proposal]) -> dict[str, list[str]]:
    """Feed -> the fields that a person should look at."""
    return {proposal.feed: proposal.unsure for proposal in proposals}
