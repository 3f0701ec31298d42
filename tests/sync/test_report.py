from datetime import UTC, datetime, timedelta

from halfopen.config.product import ProductConfig
from halfopen.sync.report import lags, slack, with_lag

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_every_configured_feed_is_there_and_lag_is_counted_from_the_watermark() -> None:
    products = {"a": ProductConfig(name="a", url="http://a", feeds=("players", "wallets"))}
    whole = {"watermark": NOON, "frontier": NOON, "holes": 2, "quarantined": 1, "late": 3, "rows": 4}
    found = with_lag({"products": {"a": {"feeds": {"players": whole}}}}, products, NOON + timedelta(seconds=1.5))
    assert found == {
        "products": {
            "a": {
                "feeds": {
                    "players": {
                        "watermark": "2026-03-01 12:00:00",
                        "frontier": "2026-03-01 12:00:00",
                        "lag_seconds": 1.5,
                        "holes": 2,
                        "quarantined": 1,
                        "late": 3,
                        "rows": 4,
                    },
                    "wallets": {
                        "watermark": None,
                        "frontier": None,
                        "lag_seconds": None,
                        "holes": 0,
                        "quarantined": 0,
                        "late": 0,
                        "rows": 0,
                    },
                }
            }
        }
    }
    assert lags(found, slack(products)) == {"a.players": 1.5, "a.wallets": None}
    told = {("a", "players"): 1.0, ("a", "wallets"): 0.0, ("b", "players"): 5.0}
    assert lags(found, told) == {"a.players": 0.5, "a.wallets": None}


def test_a_product_that_is_no_longer_configured_is_still_shown_and_behind_nothing() -> None:
    known = {"watermark": NOON, "frontier": NOON, "holes": 0, "quarantined": 0, "late": 0, "rows": 9}
    found = with_lag({"products": {"old": {"feeds": {"logins": known}}}}, {}, NOON + timedelta(days=1))
    assert found["products"]["old"]["feeds"]["logins"]["rows"] == 9
    assert lags(found, slack({})) == {}


def test_what_a_feed_was_told_to_be_behind_is_no_lag() -> None:
    product = ProductConfig(
        name="a",
        url="http://a.example",
        feeds=("players", "wallets", "bonus_list", "logins"),
        catalogues=("bonus_list",),
        offsets={"wallets": timedelta(minutes=2)},
        cadences={"logins": timedelta(minutes=5)},
    )
    assert slack({"a": product}) == {
        ("a", "players"): 0.0,
        ("a", "wallets"): 120.0,
        ("a", "bonus_list"): 14 * 60.0,
        ("a", "logins"): 4 * 60.0,
    }


def test_years_have_four_digits_also_where_a_span_was_mistyped() -> None:
    early = datetime(1, 1, 2, tzinfo=UTC)
    whole = {"watermark": early, "frontier": early, "holes": 0, "quarantined": 0, "late": 0, "rows": 0}
    found = with_lag({"products": {"a": {"feeds": {"players": whole}}}}, {}, NOON)["products"]["a"]["feeds"]["players"]
    assert (found["watermark"], found["frontier"]) == ("0001-01-02 00:00:00", "0001-01-02 00:00:00")
    assert found["lag_seconds"] == (NOON - early).total_seconds()
