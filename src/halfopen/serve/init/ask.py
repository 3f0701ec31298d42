"""What a person is asked where init is unsure: which table a feed is, which column a field is.

Pure but for the `Answer` that is handed in: it gets a question and returns the number of the chosen option.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from halfopen.contract.load import feeds
from halfopen.serve.init.expression import Choice, column
from halfopen.serve.init.feeds import Proposer
from halfopen.serve.init.proposal import Part, Proposal

_MOST: Final = 6
_NONE: Final = "nothing here: leave it out"
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
    given = dict(_tables(proposer, answer))
    settled = replace(proposer, given=given) if given else proposer
    return {feed: _fields(settled, proposal, answer) for feed, proposal in settled.proposals().items()}


def _tables(proposer: Proposer, answer: Answer) -> Iterator[tuple[str, str]]:
    """Feeds without a table, or whose table's name does not say so."""
    proposals = proposer.proposals()
    for feed, proposal in proposals.items():
        candidates = proposer.candidates(feed)
        if len(proposal.tables) > 1 or not candidates or proposer.is_sure(feed, proposal):
            continue
        best = proposal.tables[0] if proposal.parts else None
        names = [best] if best else []
        names += [name for name in candidates if name != best][:_MOST]
        options = (*names, _NONE)
        question = Question(
            f"Which table holds {feeds()[feed].title.lower()}? {feeds()[feed].doc}", options,
            0 if best else len(options) - 1,
        )  # fmt: skip
        chosen = answer(question)
        if options[chosen] != best and (best or chosen < len(names)):
            yield feed, names[chosen] if chosen < len(names) else ""


def _fields(proposer: Proposer, proposal: Proposal, answer: Answer) -> Proposal:
    """Fields that are unsure, and required ones for which nothing was found."""
    if len(proposal.parts) != 1:
        return proposal
    part = proposal.parts[0]
    choices = dict(part.choices)
    for name in (*(name for name, choice in part.choices.items() if not choice.is_sure), *proposal.todo):
        if name not in feeds()[proposal.feed].fields:
            continue
        options = _options(proposer, proposal.feed, part, name)
        if not options:
            continue
        texts = tuple(_told(choice) for choice in options)
        default = 0 if name in choices else len(texts)
        what = f"{proposal.feed}.{name} ({feeds()[proposal.feed].fields[name].doc}), in {part.table}:"
        chosen = answer(Question(what, (*texts, _TODO), default))
        if chosen < len(options):
            choices[name] = replace(options[chosen], score=1.0, doubt="", ground=f"{options[chosen].ground}; confirmed")
        else:
            choices.pop(name, None)
    ordered = {name: choices[name] for name in _order(proposal.feed, choices)}
    return replace(proposal, parts=(replace(part, choices=ordered),))


def _options(proposer: Proposer, feed: str, part: Part, name: str) -> list[Choice]:
    """What was chosen, then the other columns that answer to the field, then those that could hold it at all."""
    found = [part.choices[name]] if name in part.choices else []
    taken = {choice.expression for choice in found}
    for option, ground, score in proposer.columns(feed, name, part.table):
        expression = column(option)
        if expression not in taken and len(found) < _MOST:
            found.append(Choice(expression, score, ground))
            taken.add(expression)
    return found


def _told(choice: Choice) -> str:
    sql = choice.expression.sql(lambda ref: ".".join((*(link.target for link in ref.path[-1:]), ref.column)))
    return f"{sql}  ({choice.ground}{'; ' + choice.doubt if choice.doubt else ''})"


def _order(feed: str, choices: Mapping[str, Choice]) -> list[str]:
    known = [name for name in feeds()[feed].fields if name in choices]
    return [*known, *(name for name in choices if name not in known)]
