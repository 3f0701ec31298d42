"""From a body to rows of texts: which format it is, what columns it has, and what is odd or broken about it."""

from collections.abc import Mapping
from typing import Final

from halfopen.check import reading_csv, reading_json
from halfopen.check.body import Body, Problem
from halfopen.check.sample import Excerpt, Sample
from halfopen.contract.model import Feed

BOM: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b\x08"


def read(content: bytes, feed: Feed, names: Mapping[str, str], media_type: str = "") -> Body:
    """Read a whole body of a feed; `names` maps contract fields to the product's names where they differ."""
    notes: dict[str, str] = {}
    if content.startswith(_GZIP):
        told = "the decoded body is compressed: twice, or without saying so"
        return Body(problem=Problem(code="content_encoding_broken", text=told))
    text = content
    if content.startswith(BOM):
        notes["csv_bom"] = "the body begins with a byte order mark"
        text = content[len(BOM) :]
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return Body(notes=notes, problem=Problem(code="charset_wrong", text=f"byte {error.start} is not UTF-8"))
    head = text.lstrip()
    if not head:
        as_json = "json" in media_type
        return Body(format="json" if as_json else "csv", notes=notes, shape="nothing")
    if head.startswith(b"<"):
        return Body(format="html", notes=notes, problem=_page(head))
    expected = {names.get(name, name).casefold() for name in feed.fields}
    if head[:1] in {b"[", b"{"} or head.strip() in {b"null", b"true", b"false"} or "json" in media_type:
        return reading_json.read(text, feed, names, notes)
    return reading_csv.read(text, expected, notes)


def _page(head: bytes) -> Problem:
    shown = " ".join(head[:80].decode("utf-8", "replace").split())
    return Problem(code="html_instead_of_data", text=Sample("the body begins ", Excerpt(repr(shown))))
