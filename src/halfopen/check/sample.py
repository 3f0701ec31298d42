"""A line of evidence that knows which of its parts must not be read: `--redact` hides all of them."""

from hashlib import sha256
from typing import Self


class Id(str):
    """An identifier of a row, a player or anything else of the product's, as a part of a sample."""

    __slots__ = ()


class Excerpt(str):
    """A piece of a body as it came, as a part of a sample: it may hold anything, so that no digest is shown of it."""

    __slots__ = ()


class Sample(str):
    """One line of evidence, made of its parts.

    `redacted` has digests in place of those that are an `Id`, and the length of those that are an `Excerpt`.
    """

    __slots__ = ("redacted",)
    redacted: str

    def __new__(cls, *parts: str) -> Self:
        """The line of these parts."""
        made = super().__new__(cls, "".join(parts))
        made.redacted = "".join(map(_without, parts))
        return made


def _without(part: str) -> str:
    if isinstance(part, Excerpt):
        return f"[{len(part)} characters]"
    return digest(part) if isinstance(part, Id) else part


def key(text: str | None) -> Id:
    """The key of a row as a part of a sample; `null` where it has none."""
    return Id("null" if text is None else text)


def redacted(sample: str) -> str:
    """The line without identifiers; a plain text holds none."""
    return sample.redacted if isinstance(sample, Sample) else sample


def digest(text: str) -> str:
    """What stands for an identifier: the same for the same one."""
    return f"#{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
