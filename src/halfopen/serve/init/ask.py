"""What a person is asked where init is unsure: which table a feed is, which column a field is.

Pure but for the `Answer` that is handed in: it gets a question and returns the number of the chosen option.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from halfopen.contract.load import feeds
from halfopen.serve.init.dialect import OPEN
from halfopen.serve.init.expression import Choice
from halfopen.serve.init.feeds import Proposer
from halfopen.serve.init.proposal import Part, Proposal
from halfopen.serve.init.resolve import ACTION_FIELDS

_MOST: Final = 6
_NONE: Final = "nothing here: leave it out"
_NOTHING: Final = "none: there is no such table"
_TODO: Final = "none of these: leave it as a to-do"


@dataclass(frozen=True, slots=True)
class Question:
    """A choice for a person. `options`: each with its ground; `default`: the number of the best one."""

    text: str
    options: tuple[str, ...]
    default: int = 0


Answer = Callable[[Question], int]


def asked(proposer: Proposer, answer: Answer) -> dict[str, Proposal]:
    """The proposals after every question: tables first, for fields depend on them."""
    given: dict[str, str] = dict(proposer.given)
    confirmed = set(proposer.confirmed)
    for feed, table in _tables(proposer, answer):
        if table is None:
            confirmed.add(feed.partition(".")[0])
        else:
            given[feed] = table
    settled = replace(proposer, given=given, confirmed=frozenset(confirmed))
    return {feed: _fields(settled, proposal, answer) for feed, proposal in settled.proposals().items()}


def _tables(proposer: Proposer, answer: Answer) -> Iterator[tuple[str, str | None]]:
    """Feeds whose tables are in doubt, and what a person says: another table, none (""), or None for yes."""
    for feed, proposal in proposer.proposals().items():
        if proposer.is_sure(feed, proposal):
            continue
        if proposal.one_way:
            yield _other_way(proposer, proposal, answer)
            continue
        candidates = proposer.candidates(feed)
        best = " and ".join(proposal.tables) if proposal.parts else None
        if best is None and not candidates:
            continue
        names = [best] if best else []
        names += [name for name in candidates if name not in proposal.tables][:_MOST]
        options = (*names, _NONE)
        why = f" {proposal.doubt}." if proposal.doubt else ""
        question = Question(
            f"Which table holds {feeds()[feed].title.lower()}? {feeds()[feed].doc}{why}", options,
            0 if best else len(options) - 1,
        )  # fmt: skip
        chosen = answer(question)
        if best and chosen == 0:
            yield feed, None
        elif best or chosen < len(names):
            yield feed, names[chosen] if chosen < len(names) else ""


def _other_way(proposer: Proposer, proposal: Proposal, answer: Answer) -> tuple[str, str | None]:
    """Deposits without withdrawals, or withdrawals without deposits."""
    part = proposal.parts[0]
    is_out = "'OUT'" in part.choices["dir"].expression.template
    way, wanted = ("IN", "deposits") if is_out else ("OUT", "withdrawals")
    names = [name for name in proposer.money_tables() if name != part.table][: 2 * _MOST]
    question = Question(
        f"{part.table} holds money that goes one way. Which table holds {wanted}?", (*names, _NOTHING), len(names)
    )
    chosen = answer(question)
    return (f"{proposal.feed}.{way}", names[chosen]) if chosen < len(names) else (proposal.feed, None)


def _fields(proposer: Proposer, proposal: Proposal, answer: Answer) -> Proposal:
    """Fields that are unsure, and required ones for which nothing was found: in each table that rows come from.

    Parts of one table, as the bets and the wins of a round, share an answer where they share the question.
    """
    answers: dict[tuple[str, str, str], Choice | None] = {}
    parts = []
    for part in proposal.parts:
        choices = dict(part.choices)
        missing = [name for name in proposal.todo if name not in choices]
        for name in (*(name for name, choice in part.choices.items() if not choice.is_sure), *missing):
            key = (part.table, name, choices[name].expression.template if name in choices else "")
            if key not in answers:
                answers[key] = _field(proposer, proposal.feed, part, name, answer)
            settled = answers[key]
            if settled is None:
                choices.pop(name, None)
            else:
                choices[name] = settled
        ordered = {name: choices[name] for name in _order(proposal.feed, choices)}
        parts.append(replace(part, choices=ordered))
    return replace(proposal, parts=tuple(parts))


def _field(proposer: Proposer, feed: str, part: Part, name: str, answer: Answer) -> Choice | None:
    """What a person says that a field is; None for a to-do."""
    old = part.choices.get(name)
    if old is not None and not old.expression.refs:
        return replace(old, score=1.0, doubt="")  # a word of ours, as sure as what it stands beside
    described = feeds()[feed].fields.get(name) or ACTION_FIELDS.get(name)
    options = _options(proposer, feed, part, name) if described else []
    if described is None or not options:
        return old
    texts = tuple(_told(choice) for choice in options)
    default = 0 if old is not None else len(texts)
    chosen = answer(Question(f"{feed}.{name} ({described.doc}), in {part.table}:", (*texts, _TODO), default))
    if chosen == len(options):
        return None
    return replace(options[chosen], score=1.0, doubt="", ground=f"{options[chosen].ground}; confirmed")


def _options(proposer: Proposer, feed: str, part: Part, name: str) -> list[Choice]:
    """What was chosen, then the other columns that answer to the field, then those that could hold it at all.

    A value that was made, as an id with its table's name before it, is confirmed or left: a bare column would undo it.
    """
    found = [part.choices[name]] if name in part.choices else []
    if found and (name == "kind" or OPEN in found[0].expression.template):
        return found
    taken = {choice.expression for choice in found}
    for choice in proposer.columns(feed, name, part.table):
        if choice.expression not in taken and len(found) < _MOST:
            found.append(choice)
            taken.add(choice.expression)
    return found


def _told(choice: Choice) -> str:
    sql = choice.expression.sql(lambda ref: ".".join((*(link.target for link in ref.path[-1:]), ref.column)))
    units = f" / {choice.divisor}" if choice.divisor else ""
    return f"{sql}{units}  ({choice.ground}{'; ' + choice.doubt if choice.doubt else ''})"


def _order(feed: str, choices: Mapping[str, Choice]) -> list[str]:
    known = [name for name in feeds()[feed].fields if name in choices]
    return [*known, *(name for name in choices if name not in known)]
