"""Which format a request asks for: by its `format` parameter, else by its `Accept` header, else CSV."""

import re
from enum import StrEnum
from typing import Final

from halfopen.errors import ContractError


class Format(StrEnum):
    """The three formats of a body, in the order in which we would rather send them."""

    CSV = "csv"
    JSON = "json"
    NDJSON = "ndjson"

    @property
    def media_type(self) -> str:
        """The Content-Type that a body of this format is sent with."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.NDJSON: "application/x-ndjson",
}
_NAMES: Final = {
    "text/csv": Format.CSV,
    "application/json": Format.JSON,
    "application/x-ndjson": Format.NDJSON,
    "application/ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
    "application/x-jsonlines": Format.NDJSON,
}
_RANGES: Final = {
    "text/*": (Format.CSV,),
    "application/*": (Format.JSON, Format.NDJSON),
    "*/*": tuple(Format),
}
_QUALITY: Final = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)
_PREFERENCE: Final = {format_: -place for place, format_ in enumerate(Format)}


class NegotiationError(ContractError):
    """The `format` parameter names a format that there is not; to be answered with 400."""

    code = "unknown_format"


def choose(format_parameter: str | None, accept: str | None) -> Format:
    """Choose the format of an answer.

    The parameter wins over the header. Of the header (several header lines joined by commas), the range with the
    highest quality wins, then the one that names the format outright, then CSV before JSON before NDJSON. A header
    that names none of ours asks for something that we lack; CSV is what the requirements prefer, so that is sent.

    Raises:
        NegotiationError: the parameter is none of csv, json, ndjson.
    """
    if format_parameter is None:
        return _from_accept(accept or "")
    try:
        return Format(format_parameter.lower())
    except ValueError:
        raise NegotiationError(
            f"format={format_parameter[:40]!r} is none that is served: use {', '.join(Format)}"
        ) from None


def of_media_type(content_type: str | None) -> Format | None:
    """Give the format that a Content-Type names, parameters and case aside; None when it names none of ours."""
    return _NAMES.get((content_type or "").partition(";")[0].strip().lower())


def _from_accept(accept: str) -> Format:
    best: dict[Format, tuple[int, float]] = {}
    for text in accept.lower().split(","):
        media_range, *parameters = (part.strip() for part in text.split(";"))
        named = _NAMES.get(media_range)
        formats = (named,) if named else _RANGES.get(media_range, ())
        how_specific = 2 if named else 1 if media_range != "*/*" else 0
        for format_ in formats:
            if format_ not in best or how_specific > best[format_][0]:
                best[format_] = (how_specific, _quality(parameters))
    wanted = [(quality, how_specific, _PREFERENCE[f], f) for f, (how_specific, quality) in best.items() if quality > 0]
    return max(wanted)[-1] if wanted else Format.CSV


def _quality(parameters: list[str]) -> float:
    """Read `q=0.5`; what cannot be read counts as 1, as if it were not there."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q" and _QUALITY.fullmatch(value.strip()):
            return float(value)
    return 1.0
