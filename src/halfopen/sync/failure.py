"""Whether an envelope with status 200 says itself that the product failed.

Its rows are then none, or those that it had before it failed: neither is an answer. Only names at the top of the
envelope count, since a row, or a summary of rows, may have a status of its own.
"""

from collections.abc import Mapping
from typing import Any, Final

from halfopen.sync.refusal import Refusal

_OK: Final = 200
_FALSE: Final = frozenset({"false"})
_FAILED: Final = frozenset({"false", "error", "fail", "failed", "failure"})
_HTTP_ERRORS: Final = frozenset(map(str, range(400, 600)))
_FAILURES: Final = {
    "success": _FALSE | {"0"},  # as PHP writes it; under other names a number may count what succeeded
    "issuccess": _FALSE,
    "succeeded": _FALSE,
    "ok": _FALSE,
    "status": _FAILED | _HTTP_ERRORS,
    "result": _FAILED,
    "code": _HTTP_ERRORS,
    "statuscode": _HTTP_ERRORS,
    "httpstatus": _HTTP_ERRORS,
    "httpcode": _HTTP_ERRORS,
}
"""Under each name, in lower case and without what parts its words, the values that tell of a failure."""
_ERRORS: Final = frozenset({"error", "errors", "errormessage", "errormsg"})
_HARMLESS: Final = frozenset({"", "0", "false", "none", "null", "no", "ok", "success", "no error", "no errors"})
"""Words that stand under `error` where there is none."""
_MOST_SHOWN: Final = 120


def demand_success(document: Mapping[str, Any], *, narrower: bool) -> None:
    """Refuse an envelope that says that it failed; narrower: whether a narrower window may do better."""
    for name, value in document.items():
        if tells_failure(name, value):
            shown = repr(value)
            shown = shown if len(shown) <= _MOST_SHOWN else shown[:_MOST_SHOWN] + "..."
            raise Refusal(
                f"answered 200 with an envelope that says that it failed; found {name!r}: {shown};"
                " ask the product for the reason",
                status=_OK,
                narrower=narrower,
            )


def tells_failure(name: str, value: object) -> bool:
    """Whether this name with this value says that the product failed."""
    plain = name.strip().casefold().replace("_", "").replace("-", "")
    if plain in _ERRORS:
        return not _is_blank(value)
    return isinstance(value, (str, int)) and str(value).strip().casefold() in _FAILURES.get(plain, ())


def _is_blank(value: object) -> bool:
    """Whether an error is none: also one that has a code of 0 and no message."""
    if isinstance(value, Mapping):
        return all(map(_is_blank, value.values()))
    if isinstance(value, list):
        return all(map(_is_blank, value))
    return not value or str(value).strip().casefold().rstrip(".") in _HARMLESS
