"""Every fault is one that a client can see, in the feed that it is said to be in."""

from functools import cache

import pytest

from halfopen.demo.faults import zoo
from halfopen.demo.faults.product import Product
from support.zoo import Clock, transcript

WRONG = [each for each in zoo().values() if each.code is not None]
SEEN = [each for each in WRONG if not each.product.is_self_signed]
"""What shows in what is said; a certificate is seen before anything is said."""
STRUCK = {"bets_without_odds": "sports_odds"}
"""Faults that are told of one feed and sit in another."""
CATALOGUE = [
    "auth_not_required",
    "auth_wrong_credentials_accepted",
    "auth_data_leak",
    "auth_failure_as_200",
    "auth_failure_status",
    "auth_credentials_echoed",
    "auth_token_short_lived",
    "auth_token_refused",
    "tls_missing",
    "tls_invalid",
    "tls_old",
    "redirected",
    "ip_not_whitelisted",
    "content_type_wrong",
    "html_instead_of_data",
    "error_as_200",
    "unparseable_body",
    "body_truncated",
    "content_encoding_broken",
    "charset_wrong",
    "json_nan",
    "server_error",
    "transport_error",
    "slow_response",
    "cadence_impossible",
    "parallel_polls_refused",
    "retry_after_missing",
    "valid_request_refused",
    "clock_skew",
    "compression_missing",
    "space_plus_rejected",
    "space_percent20_rejected",
    "parameters_not_supported",
    "large_window_failed",
    "large_window_refused",
    "window_missing_server_error",
    "malformed_window_server_error",
    "malformed_window_accepted",
    "inverted_window_returns_rows",
    "equal_window_not_empty",
    "future_window_error",
    "input_offset_misread",
    "empty_window_not_empty_list",
    "empty_window_error",
    "unknown_parameter_rejected",
    "row_outside_window",
    "window_upper_bound_inclusive",
    "window_lower_bound_exclusive",
    "window_rounded_to_minutes",
    "window_date_only",
    "window_lower_bound_ignored",
    "window_upper_bound_ignored",
    "window_ignored",
    "window_filters_creation_time",
    "window_not_additive",
    "window_drops_fraction",
    "rows_capped",
    "response_paginated",
    "window_not_deterministic",
    "closed_window_grew",
    "late_writes",
    "modified_at_decreased",
    "timestamps_not_utc",
    "row_in_future",
    "feed_stale",
    "modified_at_too_coarse",
    "cursor_field_missing",
    "cursor_synonym",
    "cursor_never_changes",
    "required_field_missing",
    "required_field_empty",
    "invalid_datetime",
    "invalid_date",
    "invalid_number",
    "invalid_boolean",
    "boolean_as_digit",
    "boolean_false_empty",
    "invalid_enum",
    "enum_case",
    "invalid_currency",
    "unsupported_crypto",
    "float_noise",
    "invalid_country",
    "invalid_ip",
    "invalid_timezone",
    "invalid_locale",
    "invalid_email",
    "phone_not_e164",
    "invalid_url",
    "id_not_string",
    "id_whitespace",
    "unmasked_requisite",
    "unknown_field",
    "custom_field_type",
    "custom_field_type_changes",
    "field_always_empty",
    "negative_amount",
    "below_minimum",
    "count_without_amount",
    "created_after_updated",
    "datetime_not_plain",
    "required_type_from_document_example",
    "csv_header_missing",
    "csv_ragged_row",
    "csv_unescaped",
    "csv_delimiter",
    "csv_bom",
    "csv_header_changes",
    "csv_empty_body",
    "csv_line_end",
    "json_not_array",
    "json_lines",
    "duplicate_id",
    "id_reused",
    "created_at_changed",
    "foreign_key_violation",
    "status_regressed",
    "bet_without_odds",
    "session_row_not_unique",
    "session_split_by_currency",
    "session_partial_aggregate",
    "session_contradicts_itself",
    "session_missing_from_action_window",
    "session_aggregate_decreased",
    "win_count_exceeds_bet_count",
]
NO_FAULT = {
    "tls_missing": "a server on loopback may go without TLS, and a test has no public host",
    "tls_old": "today's TLS libraries do not speak what it is about",
    "late_writes": "the faults of closed_window_grew, row by row",
}


def correct(product: type[Product]) -> type[Product]:
    """The correct dialect that a fault departs from."""
    known = {Product, *(each.product for each in zoo().values() if each.code is None)}
    return next(base for base in product.__mro__ if base in known)


@cache
def right(product: type[Product]):
    return transcript(product(1, Clock()))


def test_every_code_of_the_catalogue_has_a_fault_or_a_reason():
    faulty = {fault.code for fault in WRONG}
    assert set(CATALOGUE) - faulty == set(NO_FAULT)
    assert faulty <= set(CATALOGUE)


def test_every_animal_says_what_it_is():
    for each in zoo().values():
        assert each.doc.endswith("."), each.name
        assert each.code not in each.also, each.name
        assert {code.partition("@")[0] for code in each.also} <= set(CATALOGUE), each.name


def test_the_same_product_says_the_same_twice():
    assert transcript(Product(1, Clock())) == right(Product)


@pytest.mark.parametrize("fault", SEEN, ids=lambda fault: fault.name)
def test_a_client_can_see_the_fault_and_in_its_feed_alone(fault):
    said, expected = transcript(fault.product(1, Clock())), right(correct(fault.product))
    assert len(said) == len(expected)
    changed = {feed for (feed, now), (_, before) in zip(said, expected, strict=True) if now != before}
    assert changed
    struck = STRUCK.get(fault.name, fault.feed)
    assert struck is None or changed == {struck}
