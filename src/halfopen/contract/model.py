"""What a feed is, as typed and frozen records; the data itself is in `feeds/<feed>.toml`."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a field's text means; `contract/values.py` reads and writes each of them."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    DATE = "date"
    CHOICE = "choice"
    CURRENCY = "currency"
    COUNTRY = "country"
    LOCALE = "locale"
    TIMEZONE = "timezone"
    IP = "ip"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"


class FeedKind(StrEnum):
    """How the rows of a feed change.

    mutable: a row is served again, with a later cursor, each time it changes; append: a row never changes;
    aggregate: a row sums up actions, and its cursor may lie beyond the window that it is served in;
    snapshot: no cursor, every answer is the whole catalogue.
    """

    MUTABLE = "mutable"
    APPEND = "append"
    AGGREGATE = "aggregate"
    SNAPSHOT = "snapshot"


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One column of a feed."""

    kind: Kind
    doc: str
    """What it holds, in our words."""
    required: bool = False
    """A row without a readable value here is unusable."""
    values: dict[str, tuple[str, ...]] = {}
    """For a choice: each canonical word with its other spellings, compared without regard to case."""
    refers_to: str | None = None
    """`feed.field` that this value points at; orphans are legal, a parent may come later."""
    minimum: int | None = None
    """A number below it is a finding."""
    sticky: bool | None = None
    """A stored boolean of this value is never replaced by null or by an absent column."""
    secret: bool = False
    """A credential: never in a log, an error or a report."""
    masked: bool = False
    """A whole card number here is a finding."""
    extra: bool = False
    """Not in the requirements' table: served when mapped, never demanded."""


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A count and the sum of what it counts: where one is zero and the other is not, they contradict each other."""

    count: str
    amount: str
    free: bool = False
    """What is counted may be worth nothing, as a free round is."""


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of the 13 feeds: the fields in the order in which they are served."""

    name: str
    title: str
    section: str
    """Heading of the requirements that the feed is described under."""
    doc: str
    key: str
    cursor: str
    kind: FeedKind
    path: str
    aliases: tuple[str, ...] = ()
    """Other paths that serve answers on."""
    order: tuple[tuple[str, str], ...] = ()
    """Pairs of datetimes, earlier before later; the other way round is a finding."""
    counted: tuple[Counted, ...] = ()
    several: dict[str, str] = {}
    """Fields of which a key may have several values at once, in rows of their own, with the table that keeps each."""
    custom: bool = False
    """Further columns are the operator's custom fields, of the five kinds of the requirements."""
    fields: dict[str, Field]

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the fields without which a row is unusable."""
        return tuple(name for name, field in self.fields.items() if field.required)

    @property
    def cursor_is_certain(self) -> bool:
        """Whether every product must send the cursor; where not, a product without it sends snapshots."""
        return self.fields[self.cursor].required
