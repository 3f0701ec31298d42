"""The contract as JSON Schema 2020-12: what an answer in JSON should hold, a schema a feed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from halfopen.contract import grammar
from halfopen.contract.model import Feed, Field, Kind

Schema = dict[str, Any]

_DATETIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"
_KINDS: Mapping[Kind, Schema] = MappingProxyType(
    {
        Kind.INTEGER: {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        # A number as a text is read too: many JSON libraries would make a double of it otherwise.
        Kind.DECIMAL: {"type": ["number", "string"], "pattern": f"^(?:{grammar.DECIMAL})$"},
        Kind.BOOLEAN: {"enum": [True, False, 0, 1, "true", "false", "1", "0"]},
        Kind.DATETIME: {"type": "string", "pattern": _DATETIME, "examples": ["2020-10-10 07:58:22"]},
        Kind.DATE: {"type": "string", "format": "date"},
        Kind.CURRENCY: {"type": "string", "examples": ["EUR", "USDT"]},
        Kind.COUNTRY: {"type": "string", "examples": ["GB", "Liberia"]},
        Kind.LOCALE: {"type": "string", "pattern": f"^(?:{grammar.LOCALE})$"},
        Kind.TIMEZONE: {"type": "string", "examples": ["Europe/London"]},
        Kind.IP: {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
        Kind.EMAIL: {"type": "string", "format": "email"},
        Kind.PHONE: {"type": "string", "examples": ["+12025550123"]},
        Kind.URL: {"type": "string", "examples": ["https://example.com/"]},
    }
)


def answer(feed: Feed) -> Schema:
    """The schema of a whole answer of a feed: an array of rows."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:halfopen:{feed.name}",
        "title": feed.title,
        "description": feed.doc,
        "type": "array",
        "items": row(feed),
    }


def row(feed: Feed) -> Schema:
    """The schema of one row: further fields are allowed, null or an absent field is too unless it is required.

    A least value is not in it: a number below is a finding, and some (a balance after a reversal) are meant.
    """
    return {
        "type": "object",
        "properties": {name: _property(name, field) for name, field in feed.fields.items()},
        "required": list(feed.required),
    }


def _property(name: str, field: Field) -> Schema:
    schema = dict(_KINDS.get(field.kind, {"type": "string"}))
    if field.kind is Kind.CHOICE:
        schema = {"enum": [word for canonical, others in field.values.items() for word in (canonical, *others)]}
    if name == "game_code":
        schema = {"type": ["string", "integer"]}  # the one field that the requirements allow both for
    if field.required and schema.get("type") == "string":
        schema["minLength"] = 1
    if not field.required:
        schema = _or_null(schema)
    return {"description": field.doc, **schema}


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*types, "null"]}
