"""The page at `/`: what an operator hands to the CRM, in one file that asks for nothing else.

It holds no secret, and of the rows only masked samples; it stands behind the sign-in of the feeds all the same.
"""

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jinja2

from halfopen.auth.allowlist import AllowList
from halfopen.config.serve import ServeConfig
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, FeedKind, Kind
from halfopen.serve.front.address import base_url
from halfopen.serve.front.base import Shown, Visit, own_paths
from halfopen.serve.front.examples import SECRET, name_of, sign_in
from halfopen.serve.front.samples import Sample, sample
from halfopen.serve.mapping import Offer, Offers
from halfopen.serve.windows import Clock
from halfopen.sources.base import Source
from halfopen.window.window import Window, floor
from halfopen.wire import csv

KEPT_SECONDS: Final = 300.0
"""How long samples are shown before the database is asked again."""

_MINUTE: Final = timedelta(minutes=1)
_NOBODY: Final = {"scheme": "none"}
_KINDS: Final = {
    FeedKind.MUTABLE: "A row comes again, with a later stamp, each time it changes.",
    FeedKind.APPEND: "A row never changes.",
    FeedKind.AGGREGATE: "A row sums up all actions of a session, and comes again whenever there are new ones; its "
    "stamp may lie beyond the window that it came in.",
    FeedKind.SNAPSHOT: "Every answer holds all rows.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """One column of an answer, for people."""

    name: str
    kind: str
    required: bool
    custom: bool
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSheet:
    """One feed that is served, for people."""

    feed: Feed
    paths: Sequence[str]
    is_snapshot: bool
    doc: str
    fields: Sequence[FieldLine]
    missing: Sequence[str]
    command: str
    sample: Sample
    body: str


class FrontPage:
    """Shows the page of one configuration."""

    def __init__(self, config: ServeConfig, offers: Offers, source: Source, clock: Clock) -> None:
        self._config = config
        self._offers = offers
        self._source = source
        self._clock = clock
        self._proxies = AllowList((), config.trusted_proxies)
        self._samples: Mapping[str, Sample] = {}
        self._sampled_at = -KEPT_SECONDS

    async def __call__(self, visit: Visit) -> Shown:
        """The page as this visitor needs it: their address of the server, their way of signing in."""
        base = base_url(visit.scope, visit.headers, forwarded=self._proxies.trusts(visit.scope.get("client")))
        samples = await self._fresh_samples()
        way = sign_in(self._words(visit.caller))
        end = floor(self._clock(), _MINUTE)
        window = Window(end - _MINUTE, end)
        sheets = []
        for name, offer in self._offers.offered.items():
            paths = own_paths(self._offers, offer)
            sheets.append(_sheet(offer, paths, samples[name], way.command(base, paths[0], window)))
        style, refused = _style(), self._offers.refused
        body = _template().render(
            base=base,
            caller=visit.caller,
            way=way,
            secret=SECRET,
            sheets=sheets,
            refused=[(feeds()[name], reason) for name, reason in refused.items()],
            late_rows=self._config.late_rows,
            longest=self._config.limits.max_window,
            style=style,
        )
        return Shown(body.encode(), "text/html; charset=utf-8", {"Content-Security-Policy": _policy(style)})

    def _words(self, caller: str) -> Mapping[str, Any]:
        """The scheme that the visitor signed in by."""
        known = self._config.auth or (_NOBODY,)
        return next((words for words in known if name_of(words) == caller), known[0])

    async def _fresh_samples(self) -> Mapping[str, Sample]:
        """One feed after another: a page must not take connections from those who pull."""
        if time.monotonic() - self._sampled_at >= KEPT_SECONDS:
            found = {name: await sample(self._source, offer) for name, offer in self._offers.offered.items()}
            self._samples, self._sampled_at = found, time.monotonic()
        return self._samples


def _sheet(offer: Offer, paths: Sequence[str], found: Sample, command: str) -> FeedSheet:
    feed, names = offer.feed, offer.selection.names
    kind = FeedKind.SNAPSHOT if offer.is_snapshot else feed.kind
    lines = [csv.line(names), *map(csv.line, found.rows)]
    return FeedSheet(
        feed=feed,
        paths=paths,
        is_snapshot=offer.is_snapshot,
        doc=_KINDS[kind],
        fields=[_field(offer, name) for name in names],
        missing=[name for name in feed.fields if name not in names],
        command=command,
        sample=found,
        body=b"".join(lines).decode().replace("\r\n", "\n") if found.rows else "",
    )


def _field(offer: Offer, name: str) -> FieldLine:
    described = offer.feed.fields.get(name)
    if described is None:
        column = next(column for column in offer.selection.columns if column.name == name)
        kind = "list of texts" if column.array else column.kind.value
        return FieldLine(name=name, kind=kind, required=False, custom=True, doc="A field of this product's own")
    words = f": {', '.join(described.values)}" if described.kind is Kind.CHOICE else ""
    doc = described.doc + words + (" (a credential: keep it as one)" if described.secret else "")
    return FieldLine(name=name, kind=described.kind.value, required=described.required, custom=False, doc=doc)


def _policy(style: str) -> str:
    """Nothing but the page's own style: no script, no request to anybody."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"


@cache
def _style() -> str:
    return files("halfopen.serve.front").joinpath("templates/page.css").read_text(encoding="utf-8")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("halfopen.serve.front"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")
