"""`/openapi.json`: the contract's document, cut to what this server serves, with its own paths, fields and sign-in."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from halfopen import __version__
from halfopen.auth.allowlist import AllowList
from halfopen.auth.issuer import DEFAULT_PATH, path_of
from halfopen.config.serve import ServeConfig
from halfopen.contract.model import Kind
from halfopen.contract.openapi import document
from halfopen.serve.front.address import base_url
from halfopen.serve.front.base import Shown, Visit, own_paths
from halfopen.serve.mapping import Offer, Offers
from halfopen.sources.base import Column

Json = dict[str, Any]

# Of the calendar only days that there are; who reads it in a document should not have to read more than this.
_LEAP: Final = "[12][0-9](0[48]|[2468][048]|[13579][26])|(1[26]|2[048])00"
_DAY: Final = (
    f"(({_LEAP})-02-29|[12][0-9]{{3}}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    "|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])))"
)
_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_MOMENT: Final = rf"^{_DAY}[ T]{_CLOCK}:[0-5][0-9](\.[0-9]{{1,9}})?(Z|[+-]{_CLOCK})?$"
_STAMP: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"
_CUSTOM: Final[Mapping[Kind, Json]] = {
    Kind.INTEGER: {"type": ["integer", "null"]},
    Kind.DECIMAL: {"type": ["number", "null"]},
    Kind.DATETIME: {"type": ["string", "null"], "pattern": _STAMP},
    Kind.STRING: {"type": ["string", "null"]},
}
_LIST: Final[Json] = {"type": ["array", "null"], "items": {"type": "string"}}
_RESPONSES: Final = {
    "404": "A feed that is not offered",
    "405": "Another method than GET or HEAD",
    "425": "A window that has not ended, where this server refuses such windows",
    "500": "The query failed",
}
_TEXT: Final[Json] = {"schema": {"type": "string"}}
_HEADERS: Final[Json] = {
    "Halfopen-Rows": {"description": "Rows in a short answer", "schema": {"type": "integer"}},
    "Halfopen-Final": {
        "description": "Whether the window had ended when it was answered",
        "schema": {"enum": ["true", "false"]},
    },
    "Content-Digest": {"description": "sha-256 of the bytes of a short answer", "schema": {"type": "string"}},
    "Request-Id": {"description": "Names the answer in the operator's log", "schema": {"type": "string"}},
}


class ApiDescription:
    """Shows the document of one configuration."""

    def __init__(self, config: ServeConfig, offers: Offers) -> None:
        self._config = config
        self._offers = offers
        self._proxies = AllowList((), config.trusted_proxies)

    async def __call__(self, visit: Visit) -> Shown:
        """The document as JSON, with the address that this visitor came by."""
        base = base_url(visit.scope, visit.headers, forwarded=self._proxies.trusts(visit.scope.get("client")))
        described = describe(self._config, self._offers, base)
        return Shown(msgspec.json.encode(described), "application/json")


def describe(config: ServeConfig, offers: Offers, base: str) -> Json:
    """The whole document; a feed has one operation a path, the first of them under the feed's own name."""
    whole = document(__version__)
    by_feed = {operation["get"]["operationId"]: operation["get"] for operation in whole["paths"].values()}
    schemes = _schemes(config.auth, base)
    whole["servers"] = [{"url": base}]
    whole["paths"] = {
        path: {"get": {**_operation(by_feed[name], number)}}
        for name, offer in offers.offered.items()
        for number, path in enumerate(own_paths(offers, offer))
    }
    parts = whole["components"]
    parts["schemas"] = {
        "problem": parts["schemas"]["problem"],
        **{name: _row(offer, parts["schemas"][name]) for name, offer in offers.offered.items()},
    }
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
    parts["responses"] |= {code: {"description": text, "content": problem} for code, text in _RESPONSES.items()}
    for edge in ("from", "to"):
        parts["parameters"][edge]["schema"] = {"type": "string", "pattern": _MOMENT}
    if schemes:
        parts["securitySchemes"] = {name: scheme for every in schemes for name, scheme in every.items()}
    # Any of them lets in; all parts of one are needed together. An empty list says that nobody has to sign in.
    whole["security"] = [{name: [] for name in every} for every in schemes]
    return whole


def _operation(operation: Json, number: int) -> Json:
    responses = {**operation["responses"], **{code: {"$ref": f"#/components/responses/{code}"} for code in _RESPONSES}}
    good = {**responses["200"], "headers": _HEADERS}
    made = {**operation, "responses": {**responses, "200": good}}
    if number:
        made |= {"operationId": f"{operation['operationId']}_{number + 1}"}
    return made


def _row(offer: Offer, contract: Json) -> Json:
    """Every column is in every row, null where there is no value."""
    mapped = {column.name: column for column in offer.selection.columns}
    known = contract["properties"]
    properties = {name: known[name] if name in known else _custom(mapped[name]) for name in offer.selection.names}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _custom(column: Column) -> Json:
    schema = _LIST if column.array else _CUSTOM[column.kind]
    return {"description": "A field of this product's own", **schema}


def _schemes(callers: Sequence[Mapping[str, Any]], base: str) -> list[dict[str, Json]]:
    """What each caller's way of signing in is called, with its parts; one way for callers who sign in alike."""
    found: list[dict[str, Json]] = []
    for words in callers:
        parts = _parts(words, base)
        if parts in found:
            continue
        taken = {name for every in found for name in every}
        number = len(found) + 1
        found.append({f"{name}_{number}" if name in taken else name: part for name, part in parts.items()})
    return found


def _parts(words: Mapping[str, Any], base: str) -> dict[str, Json]:
    match words["scheme"]:
        case "basic":
            return {"basic": {"type": "http", "scheme": "basic"}}
        case "bearer":
            return _bearer(str(words.get("header", "Authorization")))
        case "oauth2":
            return {"oauth2": _client_credentials(words, base)}
        case "login":
            return _login(words)
        case "signature":
            return _signature(words)
        case _:
            return {}


def _bearer(header: str) -> dict[str, Json]:
    if header.lower() == "authorization":
        return {"bearer": {"type": "http", "scheme": "bearer"}}
    return {"token": {"type": "apiKey", "in": "header", "name": header}}


def _login(words: Mapping[str, Any]) -> dict[str, Json]:
    if words.get("token_url"):
        text = f"A token from POST {path_of(str(words['token_url']))}"
        return {"login_token": {"type": "http", "scheme": "bearer", "description": text}}
    names = words.get("user_parameter", "login"), words.get("password_parameter", "password")
    return {f"login_{name}": {"type": "apiKey", "in": "query", "name": name} for name in names}


def _client_credentials(words: Mapping[str, Any], base: str) -> Json:
    given = words.get("token_url")
    url = base + (path_of(str(given)) if given else DEFAULT_PATH)
    scopes = dict.fromkeys(str(words.get("scope", "")).split(), "")
    return {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": url, "scopes": scopes}}}


def _signature(words: Mapping[str, Any]) -> dict[str, Json]:
    name = str(words.get("parameter", "sign"))
    text = f"{words.get('algorithm', 'md5')} of {words['template']}, in hexadecimal digits"
    parts: dict[str, Json] = {"signature": {"type": "apiKey", "in": "query", "name": name, "description": text}}
    if words.get("timestamp"):
        text = "Seconds since the epoch"
        parts["signature_time"] = {"type": "apiKey", "in": "query", "name": words["timestamp"], "description": text}
    return parts
