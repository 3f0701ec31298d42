"""Evidence in one line each: keys and the offending field, nothing else of a row."""

from collections.abc import Iterable
from datetime import datetime

from halfopen.check.case import Case, FeedCase
from halfopen.check.exchange import Exchange
from halfopen.check.observe import Observation, Row
from halfopen.check.rule import Outcome, not_applicable, not_verified
from halfopen.check.sample import Id, Sample, key
from halfopen.contract.model import Feed, Kind
from halfopen.wire.moment import plain

MOST_VALUE = 80
_OF_PERSONS = frozenset({Kind.STRING, Kind.EMAIL, Kind.PHONE, Kind.IP, Kind.DATE, Kind.URL})
"""Kinds whose values may tell who somebody is."""


def row_line(row: Row, name: str, value: str | None = None, *, is_id: bool = False) -> Sample:
    """A row's key and one of its fields; `is_id`: it holds an identifier."""
    text = quoted(row.text(name) if value is None else value)
    return Sample(key(row.key), f": {name} = ", Id(text) if is_id else text)


def identifies(feed: Feed, name: str) -> bool:
    """Whether a field's values may tell which row or which person it is: what `--redact` hides."""
    field = feed.fields.get(name)
    return name == feed.key or field is None or field.refers_to is not None or field.kind in _OF_PERSONS


def quoted(text: str | None) -> str:
    """A value as it stands in a report."""
    if text is None:
        return "null"
    return repr(text if len(text) <= MOST_VALUE else text[:MOST_VALUE] + "...")


def moment(at: datetime | None) -> str:
    """A stamp as it stands in a report, with its fraction where it has one."""
    if at is None:
        return "null"
    return plain(at) + (f".{at.microsecond:06}".rstrip("0") if at.microsecond else "")


def window_of(observation: Observation) -> str:
    """The window of an answer, in words."""
    window = observation.window
    return "" if window is None else f"[{plain(window.start)}, {plain(window.end)})"


def lines(rows: Iterable[tuple[Row, str]], most: int = 20, *, are_ids: bool = False) -> list[Sample]:
    """The first lines of some rows, a field each; `are_ids`: these hold identifiers."""
    told: list[Sample] = []
    for row, name in rows:
        if len(told) >= most:
            break
        told.append(row_line(row, name, is_id=are_ids))
    return told


def holder(feed: FeedCase, row: Row) -> Exchange | None:
    """The first answer that has this very row, for whoever wants to see it."""
    return next((o.exchange for o in feed.readable if any(one is row for one in o.rows)), None)


def exchange_line(exchange: Exchange) -> str:
    """A request and how it ended."""
    return f"request {exchange.number} ({exchange.probe}): {exchange.error or f'status {exchange.status}'}"


def without_answers(feed: FeedCase) -> Outcome | None:
    """How a rule ends that has nothing to look at; None where it has."""
    if not feed.offered:
        return not_applicable(f"the feed is not offered: {feed.why_not}")
    if not feed.readable and not feed.answers:
        return not_verified("no answer with status 200 could be read")
    return None


def without_rows(feed: FeedCase) -> Outcome | None:
    """How a rule about rows ends when there are none; None where there are."""
    ended = without_answers(feed)
    if ended is not None:
        return ended
    return None if feed.rows else not_verified("no rows were seen")


def without_windows(feed: FeedCase) -> Outcome | None:
    """How a rule about windows ends where there are none to judge; None where there are."""
    ended = without_answers(feed)
    if ended is not None:
        return ended
    return not_applicable(feed.no_windows) if feed.no_windows else None


def are_credentials_refused(case: Case) -> bool:
    """Whether nobody was let in: then it is no feed's fault, and perhaps not even the product's."""
    polls = {e.status for e in case.exchanges if e.credentials == "right" and e.status is not None}
    return bool(polls) and polls <= {401, 403}
