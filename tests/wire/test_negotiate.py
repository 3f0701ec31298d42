import pytest

from halfopen.errors import ContractError
from halfopen.wire.negotiate import Format, NegotiationError, choose, of_media_type


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        (None, "csv"),
        ("", "csv"),
        ("*/*", "csv"),
        ("text/csv", "csv"),
        ("TEXT/CSV; charset=utf-8", "csv"),
        ("application/json", "json"),
        ("application/x-ndjson", "ndjson"),
        ("application/jsonl", "ndjson"),
        ("application/json, text/plain, */*", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "csv"),
        ("text/csv;q=0.5, application/json", "json"),
        ("text/csv;q=0.5, application/json;q=0.4", "csv"),
        ("application/json, text/csv", "csv"),
        ("application/*", "json"),
        ("text/*", "csv"),
        ("text/csv;q=0, */*", "json"),
        ("*/*;q=0.1, application/x-ndjson;q=0.2", "ndjson"),
        ("application/json;q=high", "json"),
        ("text/csv;q=0", "csv"),
        ("application/json;q=0", "csv"),
        ("image/png", "csv"),
        (",;=,", "csv"),
    ],
)
def test_accept_chooses(accept: str | None, format_: str):
    assert choose(None, accept) is Format(format_)


def test_the_parameter_wins_over_the_header():
    assert choose("json", "text/csv") is Format.JSON
    assert choose("CSV", "application/json") is Format.CSV
    assert choose("ndjson", None) is Format.NDJSON


@pytest.mark.parametrize("parameter", ["", "xml", "jsonl", " csv"])
def test_an_unknown_parameter_is_refused(parameter: str):
    with pytest.raises(NegotiationError, match="use csv, json, ndjson") as refusal:
        choose(parameter, "text/csv")
    assert isinstance(refusal.value, ContractError)
    assert refusal.value.code == "unknown_format"


def test_each_format_is_known_by_its_own_media_type():
    for format_ in Format:
        assert of_media_type(format_.media_type) is format_
        assert choose(None, format_.media_type) is format_
    assert of_media_type(" Application/JSON ; charset=utf-8") is Format.JSON
    assert of_media_type("text/html") is None
    assert of_media_type(None) is None
