"""Rules about columns as a whole: unknown ones, empty ones, those whose type changes."""

from collections import Counter
from collections.abc import Collection
from datetime import timedelta

from halfopen.check.case import FeedCase
from halfopen.check.exchange import Exchange
from halfopen.check.finding import Certainty, Severity
from halfopen.check.observe import Observation
from halfopen.check.plan.windows import BEGINNING
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_applicable, not_verified
from halfopen.check.telling import holder, lines, without_rows
from halfopen.contract.model import Kind

MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO
_ENOUGH = 20
_AN = {"boolean": "true or false", "object": "an object"}
_NUMBERS = frozenset({Kind.DECIMAL, Kind.INTEGER})
_FIVE = frozenset({"string", "number", "list"})
"""How JSON writes an integer, a fraction, a text, a date and an array: true and false are none of them."""
_RARE = 0.05
"""The share of texts among numbers in CSV, where all are texts, up to which the column is one of numbers."""
_YES_AND_NO = 2
"""So many different texts may be words for yes and no."""
_AT_EXPORT = timedelta(minutes=2)


def _columns(feed: FeedCase) -> list[str]:
    return list(dict.fromkeys(name for row in feed.whole_rows for name in row.shape.places))


def _unknown(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    unknown = [name for name in _columns(feed) if name not in feed.feed.fields]
    if not unknown:
        return PASS
    what = "custom fields" if feed.feed.custom else "columns that the document does not know"
    first = next(row for row in feed.whole_rows if unknown[0] in row.shape.places)
    return failed(f"{what}: {', '.join(unknown[:12])}", samples=unknown[:20], seen=holder(feed, first))


def _types(feed: FeedCase) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for o in feed.readable:
        for name, types in o.types.items():
            found.setdefault(name, Counter()).update(types)
    return found


def _typed(feed: FeedCase, name: str, kinds: Collection[str]) -> Exchange | None:
    """The first answer that sends this column as one of these kinds of JSON."""
    return next((o.exchange for o in feed.readable if o.types.get(name, Counter()).keys() & set(kinds)), None)


def _custom_type(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    if not feed.feed.custom:
        return not_applicable("only players have custom fields")
    renames = feed.case.product.columns.get(feed.name, {})
    known = {renames.get(name, name).casefold() for name in feed.feed.fields}
    own = {name: types for name, types in _types(feed).items() if name.strip().casefold() not in known}
    if not own:
        return not_applicable("no custom field is sent in JSON")
    odd = {name: types.keys() - _FIVE for name, types in own.items() if types.keys() - _FIVE}
    if not odd:
        return PASS
    bad = [f"{name} is {' or '.join(_AN[kind] for kind in sorted(kinds))}" for name, kinds in odd.items()]
    return failed("; ".join(bad[:5]), samples=bad, seen=_typed(feed, *next(iter(odd.items()))))


def _custom_changes(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    if not feed.feed.custom:
        return not_applicable("only players have custom fields")
    names = [name for name in _columns(feed) if name not in feed.feed.fields]
    if not names:
        return not_applicable("there are no custom fields")
    types = _types(feed)
    bad = [f"{name}: {' and '.join(sorted(types[name]))}" for name in names if len(types.get(name, ())) > 1]
    if bad:
        first = bad[0].partition(":")[0]
        rarest = min(reversed(types[first]), key=types[first].__getitem__)
        text = f"custom fields change their type: {'; '.join(bad[:5])}"
        return failed(text, samples=bad, seen=_typed(feed, first, {rarest}))
    return _texts_change(feed, [name for name in names if name not in types])


def _texts_change(feed: FeedCase, names: list[str]) -> Outcome:
    """In CSV a type is a guess: numbers in nearly every row, and something else in a few."""
    for name in names:
        texts = [text for row in feed.whole_rows if (text := row.text(name))]
        other = [text for text in texts if not _is_number(text)]
        if len(texts) >= _ENOUGH and other and len(other) < _RARE * len(texts) and len(set(texts)) > _YES_AND_NO:
            numbers = len(texts) - len(other)
            text = f"the custom field {name} is a number in {numbers} rows and something else in {len(other)}"
            odd = [row for row in feed.whole_rows if row.text(name) and not _is_number(row.text(name) or "")]
            samples = lines(((row, name) for row in odd), are_ids=True)  # what is in it, nobody can know
            return failed(text, samples=samples, count=len(other), seen=holder(feed, odd[0]),
                          certainty=Certainty.STATISTICAL)  # fmt: skip
    return PASS


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _always_empty(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    if len(feed.whole_rows) < _ENOUGH:
        return not_verified(f"fewer than {_ENOUGH} rows were seen")
    empty = [
        name
        for name in _columns(feed)
        if name in feed.feed.fields and not any(row.text(name) for row in feed.whole_rows)
    ]
    if not empty:
        return PASS
    first = next(row for row in feed.whole_rows if empty[0] in row.shape.places)
    return failed(f"never a value: {', '.join(empty)}", samples=empty, seen=holder(feed, first))


def _not_string(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    if not any(o.types for o in feed.readable):
        return not_applicable("CSV has no types")
    ids = {feed.feed.key, *(name for name, field in feed.feed.fields.items() if field.refers_to)}
    renames = feed.case.product.columns.get(feed.name, {})
    numbers = [name for name in sorted(ids) if _types(feed).get(renames.get(name, name), Counter())["number"]]
    if not numbers:
        return PASS
    samples = lines(((row, name) for name in numbers for row in feed.whole_rows[:5]), are_ids=True)
    text = f"identifiers are sent as numbers: {', '.join(numbers)}; beyond 2^53 readers lose digits"
    seen = _typed(feed, renames.get(numbers[0], numbers[0]), {"number"})
    return failed(text, samples=samples, count=len(feed.whole_rows), seen=seen)


def _example_type(feed: FeedCase) -> Outcome:
    """Required numbers that come as text: the document's examples write them bare. Readable, and exact."""
    if ended := without_rows(feed):
        return ended
    if not any(o.types for o in feed.readable):
        return not_applicable("CSV has no types")
    renames = feed.case.product.columns.get(feed.name, {})
    types = _types(feed)
    numbers = [name for name in feed.feed.required if feed.feed.fields[name].kind in _NUMBERS]
    texts = [name for name in numbers if types.get(renames.get(name, name), Counter())["string"]]
    if not texts:
        return PASS
    samples = lines((row, name) for name in texts for row in feed.whole_rows[:5])
    seen = _typed(feed, renames.get(texts[0], texts[0]), {"string"})
    return failed(f"numbers are sent as text: {', '.join(texts)}", samples=samples, seen=seen)


def _sum_types(feed: FeedCase) -> Outcome:
    """Booleans that are only ever 1 or blank: PHP prints false as an empty text."""
    if ended := without_rows(feed):
        return ended
    names = [
        name for name in _columns(feed) if name in feed.feed.fields and feed.feed.fields[name].kind is Kind.BOOLEAN
    ]
    if not names:
        return not_applicable("there is no column of true and false")
    bad = []
    for name in names:
        texts = Counter(row.text(name) for row in feed.whole_rows)
        if set(texts) <= {"1", None, ""} and texts["1"] and texts[None] + texts[""] and len(feed.whole_rows) >= _ENOUGH:
            bad.append(name)
    if not bad:
        return PASS
    text = f"only 1 or nothing is ever sent: is false printed as an empty text in {', '.join(bad)}?"
    blank = next(row for row in feed.whole_rows if not row.text(bad[0]))
    return failed(text, samples=lines([(blank, bad[0])]), count=len(bad), seen=holder(feed, blank))


def _digits(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    if not any("is_primary" in row.shape.places for row in feed.whole_rows):
        return not_applicable("is_primary is not sent")
    bad = [row for row in feed.whole_rows if row.text("is_primary") in {"1", "0"}]
    if not bad:
        return PASS
    samples = lines((row, "is_primary") for row in bad)
    text = "is_primary is 1 or 0; only here the document wants true or false"
    return failed(text, samples=samples, count=len(bad), seen=holder(feed, bad[0]))


def _same_cursor(feed: FeedCase) -> Outcome:
    """Every row has one stamp, that of its answer, or the only one that there is: a nightly batch has others."""
    if ended := without_rows(feed):
        return ended
    cursor = feed.feed.cursor
    if cursor not in feed.feed.required:
        return not_applicable("the document does not require its cursor")
    full = [o for o in feed.readable if len(o.rows) >= _ENOUGH]
    stamps = {row.at for o in full for row in o.rows}
    if any(len({row.at for row in o.rows}) > 1 for o in full) or None in stamps:
        return PASS
    if not full:
        return not_verified(f"no answer had {_ENOUGH} rows")
    if all(abs(o.ended + feed.skew - at) <= _AT_EXPORT for o in full if (at := o.rows[0].at) is not None):
        text = f"every row has the same {cursor}, that of its answer"
    elif len(stamps) == 1 and any(_is_from_beginning(o) for o in full):
        text = f"every row has the same {cursor}"
    else:
        return not_verified("the rows that were seen have one stamp, as after a batch: older ones were not asked for")
    samples = lines((row, cursor) for row in full[0].rows[:5])
    return failed(text, seen=full[0].exchange, samples=samples, count=len(feed.whole_rows))


def _is_from_beginning(observation: Observation) -> bool:
    """Whether these are all rows that there are."""
    return observation.is_whole and observation.window is not None and observation.window.start <= BEGINNING


_F = "columns"
_S = "Endpoints Overview"
RULES = (
    feed_rule("unknown_field", INFO, _unknown, family=_F, doc="Columns that the document does not have.",
              fix="Tell the CRM about custom fields; leave out what it does not take.", good="id, email", bad="brand",
              section=_S),
    feed_rule("custom_field_type", SHOULD, _custom_type, family=_F, doc="A custom field has none of the five types.",
              fix="Send an integer, a fraction, a text, a date or an array of texts.", good='["vip", "new"]',
              bad='{"level": 3}, true', section='Custom Fields in the "Players" feed', feeds=("players",)),
    feed_rule("custom_field_type_changes", SHOULD, _custom_changes, family=_F, doc="A custom field changes its type.",
              fix="Send one type in every row.", good="3, 4, null", bad='3, "gold"',
              section='Custom Fields in the "Players" feed', feeds=("players",)),
    feed_rule("field_always_empty", INFO, _always_empty, family=_F, doc="A column is never filled.",
              fix="Fill it, or leave it out.", good="some values", bad="null in every row", section=_S),
    feed_rule("id_not_string", SHOULD, _not_string, family=_F, doc="Identifiers are JSON numbers.",
              fix="Send identifiers as strings.", good='"9007199254740993"', bad="9007199254740993", section=_S),
    feed_rule("required_type_from_document_example", INFO, _example_type, family=_F,
              doc="A required number is a text in JSON, unlike in the document's example.",
              fix="Send a JSON number with all its digits, or tell the CRM that it is a text.", good='"amount": 969',
              bad='"amount": "969"', section=_S),
    feed_rule("boolean_false_empty", SHOULD, _sum_types, family=_F, doc="A boolean is only ever 1 or nothing.",
              fix="Write false or 0: an empty text is null.", good="1, 0", bad="1, (nothing)", section=_S),
    feed_rule("boolean_as_digit", INFO, _digits, family=_F, doc="wallets.is_primary is 1 or 0.",
              fix="Write true or false.", good="true", bad="1", section="Wallets", feeds=("wallets",)),
    feed_rule("cursor_never_changes", SHOULD, _same_cursor, family=_F, doc="Every row has the same cursor.",
              fix="Set the cursor to the time of each row's own change.", good="each its own", bad="the time of export",
              section=_S),
)  # fmt: skip
