from datetime import UTC, datetime, timedelta

import pytest

from halfopen.config.load import load
from halfopen.contract.load import NAMES
from halfopen.errors import ConfigError
from halfopen.window.ladder import DEFAULT, Rung

WHOLE = """
[serve]
database = "sqlite:///casino.sqlite"
listen = "[::1]:8401"
timezone = "Europe/Riga"
allowed_lateness = "20m"
[serve.limits]
connections = 3
max_window = "31d"
[[serve.auth]]
scheme = "basic"
user = "intarget"
password = "${FEED_PASSWORD}"
[serve.feeds.players]
table = "users"
path = "/api/users"
cursor = "updated_at"
columns = { id = "uuid", is_blocked = "status = 'blocked'" }
custom = { ltv = { kind = "fractional", column = "ltv" } }
minor_units = { amount = 100 }
[serve.feeds.game_activity.actions]
table = "rounds"
session_id = "session"
kind = "type"
bet = "'bet'"
win = "'win'"
amount = "sum"
created_at = "ts"
[serve.feeds.wallets]
offered = false

[mirror]
database = "duckdb:///mirror.duckdb"

[products.spacevegas]
url = "https://space-vegas.com/"
auth = { scheme = "basic", user = "intarget", password = "${SPACEVEGAS_PASSWORD}" }
cadence = "5s"
cadences = { bonus_list = "15m" }
offsets = { transactions = "2m" }
since = "2026-01-01 00:00:00"
space = "+"
feeds = ["wallets", "players"]
paths = { players = "/api/users" }
[products.spacevegas.columns.players]
id = "uid"
"""
ENVIRON = {"FEED_PASSWORD": "a", "SPACEVEGAS_PASSWORD": "b"}


@pytest.fixture
def read(tmp_path):
    def read(text, **arguments):
        path = tmp_path / "halfopen.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, **{"environ": ENVIRON} | arguments)

    return read


def refused(read, text, **arguments):
    with pytest.raises(ConfigError) as caught:
        read(text, **arguments)
    message = str(caught.value)
    assert "\n" not in message
    assert "halfopen.toml" in message
    return message


def test_the_whole_file(read, tmp_path):
    config = read(WHOLE)
    serve = config.needed_serve()
    assert serve.address == ("::1", 8401)
    assert serve.source.path == tmp_path / "casino.sqlite"
    assert serve.store.path == tmp_path / "halfopen-state.sqlite"
    assert serve.allowed_lateness == timedelta(minutes=20)
    assert serve.limits.connections == 3
    assert serve.limits.max_window == timedelta(days=31)
    assert serve.auth[0]["password"] == "a"
    assert serve.feeds["players"].columns["is_blocked"] == "status = 'blocked'"
    assert serve.feeds["players"].custom["ltv"].kind == "fractional"
    assert serve.feeds["game_activity"].actions.session_id == "session"
    assert not serve.feeds["wallets"].offered
    assert config.needed_mirror().sink.path == tmp_path / "mirror.duckdb"
    product = config.chosen_products()["spacevegas"]
    assert product.url == "https://space-vegas.com"
    assert product.feeds == ("players", "wallets")
    assert product.cadence_of("players") == timedelta(seconds=5)
    assert product.cadence_of("bonus_list") == timedelta(minutes=15)
    assert product.offset_of("transactions") == timedelta(minutes=2)
    assert product.path("players") == "/api/users"
    assert product.path("wallets") == "/api/wallets"
    assert product.since == datetime(2026, 1, 1, tzinfo=UTC)
    assert product.columns["players"] == {"id": "uid"}


def test_defaults(read):
    config = read('[serve]\ndatabase = "sqlite:///a"\n[products.a]\nurl = "http://localhost:1"\n')
    product = config.products["a"]
    assert product.feeds == NAMES
    assert product.ladder == DEFAULT
    assert product.since is None
    assert config.needed_serve().address == ("127.0.0.1", 8400)


def test_the_default_ladder_is_scaled_with_the_cadence_and_a_written_one_is_not(read):
    product = '[products.a]\nurl = "http://localhost:1"\ncadence = "5s"\n'
    assert read(product).products["a"].ladder[0] == Rung(timedelta(seconds=25), timedelta(seconds=5))
    written = read(product + 'ladder = [ { span = "5m", after = "1m" } ]\n').products["a"].ladder
    assert written == (Rung(timedelta(minutes=5), timedelta(minutes=1)),)


def test_a_date_of_toml_is_a_moment_too(read):
    config = read('[products.a]\nurl = "http://localhost:1"\nsince = 2026-01-01T02:00:00+02:00\n')
    assert config.products["a"].since == datetime(2026, 1, 1, tzinfo=UTC)


def test_one_side_needs_not_the_secrets_of_the_other(read):
    assert read(WHOLE, environ={"FEED_PASSWORD": "a"}, sections=("serve",)).products == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[mirror]", "[miror]", "unknown section 'miror'; did you mean 'mirror'?"),
        ("listen =", "lisen =", "serve: unknown key 'lisen'; did you mean 'listen'?"),
        ("connections = 3", "conections = 3", "serve.limits: unknown key 'conections'; did you mean 'connections'?"),
        ("connections = 3", "connections = 0", "serve.limits.connections: found 0, needs 1 or more"),
        ("connections = 3", 'connections = "3"', "serve.limits: connections: expected a whole number, got a text"),
        (
            'timezone = "Europe/Riga"',
            'state = "duckdb:///seals.duckdb"',
            "serve.state: 'duckdb:////",
        ),
        (
            'timezone = "Europe/Riga"',
            'state = "mysql://root:s3cret@db/seals"',
            "serve.state: 'mysql://root:***@db/seals' cannot keep seals; write sqlite:///file or",
        ),
        ("[serve.feeds.wallets]", "[serve.feeds.walets]", "unknown feed 'walets'; did you mean 'wallets'?"),
        ('table = "users"', 'tabel = "users"', "serve.feeds.players: unknown key 'tabel'; did you mean 'table'?"),
        ('table = "users"', "", "needs exactly one of table, sql, actions, rollup; found none"),
        ('table = "users"', 'table = "users"\nsql = "select 1"', "found table and sql"),
        ('table = "users"', "table = 5", "serve.feeds.players: table: expected a text, got a whole number"),
        ("columns = { id", "columns = { uid = 5, id", "columns[...]: expected a text, got a whole number"),
        ('path = "/api/users"\ncursor', 'path = "api/users"\ncursor', "a path begins with /"),
        ('kind = "fractional"', 'kind = "float"', "custom.ltv.kind: unknown value 'float'; known: integer, fractional"),
        ('session_id = "session"\n', "", "serve.feeds.game_activity.actions: session_id is missing"),
        ('"Europe/Riga"', '"Europe/Rigga"', "no IANA time zone"),
        ('"[::1]:8401"', '"8401"', "needs a host and a port"),
        ('"20m"', '"20 minutes"', "serve.allowed_lateness: found '20 minutes'"),
        ('"sqlite:///casino.sqlite"', '"casino.sqlite"', "serve.database: 'casino.sqlite' is no address"),
        ('database = "sqlite:///casino.sqlite"\n', "", "serve: database is missing"),
        ('scheme = "basic"\n', 'scheme = "basci"\n', "serve.auth[0]: unknown scheme 'basci'; did you mean 'basic'?"),
        ('"duckdb:///mirror.duckdb"', "5", "mirror.database: found a value of type int, needs a text"),
        ("https://space-vegas.com/", "space-vegas.com", "products.spacevegas.url"),
        ("https://space", "https://u:pw@space", "credentials do not belong into the address"),
        ("https://space-vegas.com/", "https://space-vegas.com:99999", "products.spacevegas.url: found"),
        ("https://space-vegas.com/", "https://[::1", "products.spacevegas.url: found 'https://[::1', needs an address"),
        ("https://space-vegas.com/", "https://space vegas.com", "products.spacevegas.url: found"),
        (
            "https://space-vegas.com/",
            "https://space-vegas.com/?key=1",
            "found 'https://space-vegas.com/?***'; what follows",
        ),
        ('space = "+"', 'proxy = "http://p.example:65536"', "products.spacevegas.proxy: needs an address like"),
        (
            'space = "+"',
            'dialect = { pages = { by = "pages" } }',
            "dialect.pages.by: unknown value 'pages'; did you mean",
        ),
        (
            'space = "+"',
            'dialect = { pages = { by = "offset", parameter = "from" } }',
            "dialect.pages.parameter: found 'from', needs a name other than from and to",
        ),
        ('cadence = "5s"', 'cadence = "0.5s"', "products.spacevegas.cadence: windows are cut on whole seconds"),
        ('cadence = "5s"', 'cadence = "5x"', "products.spacevegas.cadence: found '5x'"),
        ("2026-01-01 00:00:00", "2026-02-31 00:00:00", "products.spacevegas.since"),
        ('space = "+"', 'space = "_"', "space: unknown value '_'; known: %20, +"),
        ('feeds = ["wallets"', 'feeds = ["walets"', "unknown feed 'walets'"),
        ('id = "uid"', 'id = "uid"\ncity = "uid"', "columns.players: id and city are both called 'uid'"),
        ('paths = { players = "/api/users" }', 'paths = { players = "api/users" }', "paths.players: found 'api/users'"),
        ('id = "uid"', 'uid = "uid"', "products.spacevegas.columns.players: unknown field 'uid'"),
        ("[mirror]", "[mirror", "is no TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place(read, old, new, message):
    assert WHOLE.count(old) >= 1
    found = refused(read, WHOLE.replace(old, new, 1))
    assert message in found
    assert "hunter" not in found


def test_a_product_of_no_feeds_would_never_be_whole_nor_behind(read):
    table = '[products.macau]\nurl = "http://localhost:1"\nfeeds = []\n'
    assert "products.macau.feeds: names no feed; leave it out for all 13" in refused(read, table)


def test_products_whose_names_differ_only_in_case_are_refused_both_named(read):
    message = refused(read, WHOLE + '[products.SpaceVegas]\nurl = "http://localhost:1"\n')
    assert "products: 'spacevegas' and 'SpaceVegas' differ in nothing but case" in message
    assert "rename" in message


def test_a_variable_that_is_not_set_is_named_not_its_neighbours(read):
    message = refused(read, WHOLE, environ={"FEED_PASSWORD": "hunter2"})
    assert "products.spacevegas.auth.password: ${SPACEVEGAS_PASSWORD} is not set" in message
    assert "hunter2" not in message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "none.toml")


def test_what_a_command_needs_and_the_file_lacks_is_said(read):
    config = read("")
    for needed in (config.needed_serve, config.needed_mirror, config.chosen_products):
        with pytest.raises(ConfigError, match="there is no"):
            needed()
    with pytest.raises(ConfigError, match="did you mean 'spacevegas'"):
        read(WHOLE).chosen_products(["spacevega"])
