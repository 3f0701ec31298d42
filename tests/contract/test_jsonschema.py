import json
import re

import pytest

from halfopen import __version__
from halfopen.contract import jsonschema, openapi
from halfopen.contract.load import NAMES, feed, feeds


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described(name: str) -> None:
    schema = jsonschema.answer(feed(name))
    items = schema["items"]
    assert list(items["properties"]) == list(feed(name).fields)
    assert items["required"] == list(feed(name).required)
    for column, field in feed(name).fields.items():
        described = items["properties"][column]
        assert described["description"] == field.doc
        nullable = None in described["enum"] if "enum" in described else "null" in described["type"]
        assert nullable != field.required, column
    json.dumps(schema)


@pytest.mark.parametrize(
    ("name", "column", "good", "bad"),
    [
        ("wallets", "balance", "12345678901234567890.5", "1E-8"),
        ("wallets", "modified_at", "2023-07-21 02:15:51", "2023-07-21T02:15:51Z"),
        ("players", "locale", "ro_MD", "english"),
    ],
)
def test_patterns_are_the_grammar(name: str, column: str, good: str, bad: str) -> None:
    pattern = re.compile(jsonschema.row(feed(name))["properties"][column]["pattern"])
    assert pattern.search(good)
    assert not pattern.search(bad)


def test_openapi_has_a_path_a_feed_and_no_loose_reference() -> None:
    document = openapi.document(__version__)
    assert list(document["paths"]) == [feed.path for feed in feeds().values()]
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        found = document
        for step in reference.split("/"):
            found = found[step]
        assert found
    names = [item["$ref"].rsplit("/", 1)[-1] for item in document["paths"]["/api/players"]["get"]["parameters"]]
    assert names == ["from", "to", "format"]
