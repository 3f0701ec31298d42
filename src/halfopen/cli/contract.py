"""`halfopen contract`: the 13 feeds, for people and for other tools."""

import json
import sys
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from halfopen import __version__
from halfopen.contract import ddl as tables
from halfopen.contract import jsonschema as schemas
from halfopen.contract import openapi as document
from halfopen.contract.load import feeds as all_feeds
from halfopen.contract.model import Feed, Field
from halfopen.errors import UsageError

app = App(name="contract", help="Show what the feeds hold: as a table, JSON Schema, OpenAPI or SQL.")

Feeds = Annotated[list[str] | None, Parameter(name="--feed", negative=())]


@app.command
@app.default
def feeds(*, feed: Feeds = None, as_json: Annotated[bool, Parameter(name="--json", negative=())] = False) -> int:
    """List the feeds with their keys, cursors and fields.

    Args:
        feed: only these feeds; may be given several times.
        as_json: the whole contract as JSON: {feed: {..., "fields": {field: {...}}}}.
    """
    chosen = _chosen(feed)
    if as_json:
        return _write_json({item.name: _described(item) for item in chosen})
    console = Console()
    for item in chosen:
        console.print(_table(item))
    return 0


@app.command
def jsonschema(*, feed: Feeds = None) -> int:
    """Write JSON Schemas (2020-12) of the answers: {feed: schema}, or the one schema of a single --feed.

    Args:
        feed: only these feeds; may be given several times.
    """
    found = {item.name: schemas.answer(item) for item in _chosen(feed)}
    return _write_json(next(iter(found.values())) if len(found) == 1 else found)


@app.command
def ddl(*, dialect: str = "duckdb", feed: Feeds = None) -> int:
    """Write the mirror's tables, and their views in canonical words, as SQL.

    Args:
        dialect: duckdb or postgresql.
        feed: only these feeds; may be given several times.
    """
    if dialect not in tables.DIALECTS:
        raise UsageError(f"--dialect: no dialect {dialect!r}; choose from {', '.join(tables.DIALECTS)}")
    for item in _chosen(feed):
        sys.stdout.write(f"{tables.create_table(item, dialect)};\n\n{tables.canonical_view(item, dialect)};\n\n")
    return 0


@app.command
def openapi() -> int:
    """Write the feeds as an OpenAPI 3.1 document."""
    return _write_json(document.document(__version__))


def _chosen(names: list[str] | None) -> list[Feed]:
    known = all_feeds()
    for name in names or ():
        if name not in known:
            raise UsageError(f"--feed: no feed {name!r}; choose from {', '.join(known)}")
    return [feed for name, feed in known.items() if not names or name in names]


def _write_json(value: Any) -> int:
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0


def _described(feed: Feed) -> dict[str, Any]:
    return {
        "title": feed.title,
        "doc": feed.doc,
        "section": feed.section,
        "path": feed.path,
        "aliases": feed.aliases,
        "key": feed.key,
        "cursor": feed.cursor,
        "cursor_is_certain": feed.cursor_is_certain,
        "kind": feed.kind,
        "custom": feed.custom,
        "fields": {
            name: {
                "kind": field.kind,
                "required": field.required,
                "doc": field.doc,
                "values": field.values,
                "refers_to": field.refers_to,
                "extra": field.extra,
            }
            for name, field in feed.fields.items()
        },
    }


def _table(feed: Feed) -> Table:
    caption = f"{feed.path}   key {feed.key}   cursor {feed.cursor}   {feed.kind}"
    table = Table(title=f"{feed.title}  ({caption})", title_justify="left", box=None, pad_edge=False)
    for heading in ("field", "kind", "required", "holds"):
        table.add_column(heading, overflow="fold")
    for name, field in feed.fields.items():
        table.add_row(name, field.kind, "yes" if field.required else "", _told(field))
    table.add_section()
    return table


def _told(field: Field) -> str:
    told = [field.doc]
    if field.values:
        told.append(", ".join("=".join((word, *others)) for word, others in field.values.items()))
    if field.refers_to:
        told.append(f"refers to {field.refers_to}")
    return "; ".join(told)
