from pathlib import Path

import pytest

from halfopen.config.urls import database_url, quoted
from halfopen.errors import ConfigError

BASE = Path("/srv/casino")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///casino.sqlite", "/srv/casino/casino.sqlite"),
        ("sqlite:///data/casino.sqlite", "/srv/casino/data/casino.sqlite"),
        ("sqlite:////var/lib/casino.sqlite", "/var/lib/casino.sqlite"),
        ("duckdb:///a%20b.duckdb", "/srv/casino/a b.duckdb"),
    ],
)
def test_files_count_from_the_folder_of_the_configuration(text, path):
    assert database_url(text, BASE).path == Path(path)


def test_a_server_has_no_path_and_shows_no_password():
    url = database_url("postgresql://reader:s3cret@db:5432/casino", BASE)
    assert url.path is None
    assert url.shown == "postgresql://reader:***@db:5432/casino"
    assert "s3cret" in url.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "casino.sqlite",
        "oracle://host/db",
        "sqlite://casino.sqlite",
        "sqlite:///",
        "postgresql://u@[::1/db",
        "postgresql://u@db:99999/db",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ConfigError, match="sqlite:///"):
        database_url(text, BASE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mssql://sa:s3cret@db/casino", "'mssql://***@db/casino'"),
        ("sa:s3cret@db/casino", "'***@db/casino'"),
        ("mssql://sa:s3?cr@et@db/casino", "'mssql://***@db/casino'"),
        ("https://api.example/v1?key=s3cret", "'https://api.example/v1?***'"),
        ("https://api.example/v1?mail=a@b&key=s3cret", "'https://***@b?***'"),
        ("https://api.example/v1#s3cret", "'https://api.example/v1?***'"),
        ("", "''"),
    ],
)
def test_a_quoted_address_holds_no_secret(text, shown):
    assert quoted(text) == shown
    with pytest.raises(ConfigError) as caught:
        database_url(text, BASE)
    assert shown in str(caught.value)
