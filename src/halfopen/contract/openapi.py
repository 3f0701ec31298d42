"""The contract as OpenAPI 3.1: the paths of the feeds with their window, as `halfopen serve` offers them."""

from typing import Any

from halfopen.contract.jsonschema import row
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed

_MOMENT = "UTC, YYYY-MM-DD HH:MM:SS; the blank may be sent as + or %20"
_PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "stable name of the problem"},
        "request_id": {"type": "string"},
    },
    "required": ["title", "status", "code"],
}
_ERRORS = {
    "400": "A missing, unreadable or inverted window",
    "401": "No credentials, or wrong ones",
    "403": "An address that is not allowed",
    "429": "Too many requests",
    "503": "Not now; see Retry-After",
}


def document(version: str) -> dict[str, Any]:
    """The whole document; `version` is that of the program that serves it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Product data feeds",
            "version": version,
            "description": "Rows whose cursor lies in a half-open window: from <= cursor < to.",
        },
        "paths": {feed.path: {"get": _operation(feed)} for feed in feeds().values()},
        "components": {
            "schemas": {"problem": _PROBLEM, **{feed.name: row(feed) for feed in feeds().values()}},
            "responses": {status: _problem(text) for status, text in _ERRORS.items()},
            "parameters": {
                "from": _parameter("from", f"Start of the window, included. {_MOMENT}", "2020-10-10 07:00:00"),
                "to": _parameter("to", f"End of the window, left out. {_MOMENT}", "2020-10-10 08:00:00"),
                "format": {
                    "name": "format",
                    "in": "query",
                    "description": "Of the answer; without it the Accept header decides, and CSV where it does not",
                    "schema": {"enum": ["csv", "json", "ndjson"]},
                },
            },
        },
    }


def _operation(feed: Feed) -> dict[str, Any]:
    rows = {"$ref": f"#/components/schemas/{feed.name}"}
    return {
        "operationId": feed.name,
        "summary": feed.title,
        "description": f"{feed.doc} Key: {feed.key}; cursor: {feed.cursor}.",
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in ("from", "to", "format")],
        "responses": {
            "200": {
                "description": "Every row of the window, in no particular order; none is an answer too",
                "content": {
                    "text/csv": {"schema": {"type": "string"}},
                    "application/json": {"schema": {"type": "array", "items": rows}},
                    "application/x-ndjson": {"schema": {"type": "string"}},
                },
            },
            **{status: {"$ref": f"#/components/responses/{status}"} for status in _ERRORS},
        },
    }


def _parameter(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}
