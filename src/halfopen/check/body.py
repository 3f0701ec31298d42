"""What was read of a body, and why there may be no rows in it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a body has no rows to judge: the rule that it breaks, and one line; `also`: rules that it breaks, too.

    A text that quotes the body is a `Sample` with `Excerpt`s.
    """

    code: str
    text: str
    also: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class Body:
    """What was read.

    columns: as the product names them, in their order. rows: texts, one tuple a row, in the order of `columns`. types:
    column -> JSON types seen (`string`, `number`, `boolean`, `list`, `object`); empty for CSV. notes: code -> text of
    what is odd though readable. envelope: name of the array in an object, None for a bare one. around: what else
    stands in the envelope. shape: `rows`, `empty` (no rows, as it should be), `null` (or an
    object without a name), `object`, `nothing` (not a byte).
    """

    format: str = "csv"
    columns: tuple[str, ...] = ()
    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    types: dict[str, Counter[str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    envelope: str | None = None
    around: Mapping[str, Any] = field(default_factory=dict)
    shape: str = "rows"
    problem: Problem | None = None
