import pytest

from halfopen.config.load import load
from halfopen.contract.load import feed, feeds
from late import casino, thirteen
from late.scale import Scale
from late.variants import VARIANTS, settings


def served(folder, settings, mapping):
    path = folder / "halfopen.toml"
    path.write_text(f"[serve]\n{settings}\n{mapping}", encoding="utf-8")
    return load(path, {}).needed_serve()


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=lambda variant: variant.name)
def test_a_server_of_each_variant_is_configured_in_compressed_time(variant, tmp_path):
    lines = settings(variant, "postgresql://nobody@127.0.0.1/x", "sqlite:///state", Scale(60))
    config = served(tmp_path, lines, casino.mapping())
    assert config.late_rows == variant.late_rows
    assert (config.allowed_lateness.total_seconds(), config.wait_max.total_seconds()) == (15, 0.5)
    assert set(config.feeds) == set(casino.FEEDS)


def test_tables_can_hide_behind_free_sql(tmp_path):
    config = served(tmp_path, 'database = "sqlite:///x"', casino.mapping(free_sql=True))
    assert config.feeds["transactions"].sql == "select * from payments"
    assert config.feeds["game_activity"].actions.sql == "select * from actions"
    assert not any(mapping.table for mapping in config.feeds.values())


@pytest.mark.parametrize("name", casino.FEEDS)
def test_what_pollers_read_is_what_the_contract_says(name):
    ours, theirs = casino.FEEDS[name], feed(name)
    assert (ours.path, ours.key, ours.cursor) == (theirs.path, theirs.key, theirs.cursor)
    assert set(ours.content) <= set(theirs.fields)


def test_all_thirteen_have_a_table_a_section_and_rows(tmp_path):
    config = served(tmp_path, 'database = "sqlite:///x"', thirteen.mapping())
    assert set(config.feeds) == set(feeds())
    statements = "\n".join(thirteen.schema())
    for each in feeds().values():
        assert f"create table {thirteen.table(each)} (" in statements
        assert thirteen.inserting(each, "1", "5", "now()").count("now()") == 1
