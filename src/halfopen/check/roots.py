"""Root causes: which findings probably follow from which others, so that one fault is told once.

Of two findings of one feed (or one of them about the whole product), the one that `FOLLOWS` names the other for is
the cause. What no other finding explains is a root.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from halfopen.check.finding import Finding

_ROWS: Final = (
    "required_field_missing", "required_field_empty", "unknown_field", "field_always_empty", "cursor_field_missing",
    "cursor_synonym", "csv_header_changes",
)  # fmt: skip
_EDGES: Final = (
    "row_outside_window", "window_upper_bound_inclusive", "window_lower_bound_exclusive", "window_not_additive",
    "window_drops_fraction", "window_rounded_to_minutes", "equal_window_not_empty", "malformed_window_accepted",
    "inverted_window_returns_rows", "input_offset_misread", "space_plus_rejected", "row_in_future",
    "empty_window_not_empty_list", "feed_stale", "closed_window_grew", "late_writes", "window_not_deterministic",
    "rows_capped", "foreign_key_violation", "bet_without_odds",
)  # fmt: skip
_BROKEN: Final = (
    "content_type_wrong", "unparseable_body", "csv_header_missing", "csv_ragged_row", "json_not_array", "charset_wrong",
    "body_truncated", "large_window_failed", "foreign_key_violation", "window_not_additive", "auth_failure_as_200",
    "empty_window_not_empty_list", "csv_header_changes", "transport_error", "server_error", "bet_without_odds",
)  # fmt: skip
_TIME: Final = ("created_after_updated", "late_writes", "closed_window_grew", "feed_stale", "row_in_future", *_EDGES)

FOLLOWS: Final[Mapping[str, tuple[str, ...]]] = {
    # what is broken as a body cannot be judged as rows
    "html_instead_of_data": _BROKEN,
    "error_as_200": _BROKEN,
    "content_encoding_broken": _BROKEN,
    "charset_wrong": _BROKEN,
    "json_nan": (*_BROKEN, "invalid_number"),
    "body_truncated": (*_BROKEN, "csv_unescaped"),
    "unparseable_body": (*_BROKEN, "csv_unescaped"),
    "csv_delimiter": (*_BROKEN, *_ROWS),
    "csv_header_missing": (*_BROKEN, *_ROWS, "csv_empty_body"),
    "csv_unescaped": tuple(code for code in _BROKEN if code != "csv_ragged_row"),
    "csv_ragged_row": (*_BROKEN, "csv_unescaped"),
    "csv_bom": _ROWS,
    "csv_header_changes": _ROWS,
    "server_error": ("transport_error", "large_window_failed", "parallel_polls_refused", "foreign_key_violation",
                     "window_missing_server_error", "malformed_window_server_error", "empty_window_error",
                     "future_window_error", "bet_without_odds", "space_plus_rejected", "auth_failure_status",
                     "unknown_parameter_rejected"),
    "transport_error": ("large_window_failed", "foreign_key_violation", "server_error", "bet_without_odds"),
    "large_window_failed": ("foreign_key_violation", "server_error", "transport_error", "bet_without_odds",
                            "future_window_error"),
    "large_window_refused": ("valid_request_refused", "foreign_key_violation", "bet_without_odds",
                             "future_window_error"),
    "valid_request_refused": ("large_window_refused", "future_window_error", "empty_window_error",
                              "window_rounded_to_minutes", "unknown_parameter_rejected", "space_plus_rejected"),
    "empty_window_error": ("future_window_error", "valid_request_refused", "large_window_failed"),
    "json_not_array": ("empty_window_not_empty_list",),
    "single_polls_refused": ("parallel_polls_refused", "retry_after_missing"),
    "parallel_polls_refused": ("retry_after_missing",),
    "cadence_impossible": ("slow_response", "transport_error"),
    "auth_not_required": ("auth_wrong_credentials_accepted", "auth_failure_as_200"),
    "auth_failure_as_200": ("error_as_200", "auth_failure_status"),
    "redirected": ("content_type_wrong", "html_instead_of_data"),
    # windows
    "window_ignored": _EDGES,
    "parameters_not_supported": (*_EDGES, "window_ignored"),
    "window_lower_bound_ignored": _EDGES,
    "window_upper_bound_ignored": _EDGES,
    "window_date_only": _EDGES,
    "window_rounded_to_minutes": ("row_outside_window", "window_not_additive", "window_upper_bound_inclusive",
                                  "window_lower_bound_exclusive", "window_drops_fraction", "equal_window_not_empty",
                                  "rows_capped", "window_not_deterministic"),
    "window_filters_creation_time": (*_EDGES, "modified_at_decreased", "session_missing_from_action_window"),
    "window_upper_bound_inclusive": ("row_outside_window", "equal_window_not_empty", "window_not_additive"),
    "row_outside_window": ("equal_window_not_empty",),
    "window_lower_bound_exclusive": ("window_not_additive", "window_drops_fraction"),
    "window_drops_fraction": ("window_not_additive",),
    "rows_capped": ("window_not_additive", "foreign_key_violation", "window_not_deterministic", "bet_without_odds"),
    "response_paginated": ("rows_capped", "window_not_additive", "json_not_array", "foreign_key_violation",
                           "bet_without_odds"),
    "window_not_deterministic": ("window_not_additive", "closed_window_grew", "late_writes", "row_outside_window",
                                 "modified_at_decreased", "foreign_key_violation", "space_plus_rejected",
                                 "window_lower_bound_exclusive", "session_aggregate_decreased", "rows_capped",
                                 "session_missing_from_action_window", "bet_without_odds", "input_offset_misread"),
    "window_not_additive": ("window_not_deterministic",),
    "late_writes": ("closed_window_grew", "window_not_additive", "foreign_key_violation"),
    "closed_window_grew": ("window_not_additive", "foreign_key_violation"),
    "timestamps_not_utc": _TIME,
    "clock_skew": ("row_in_future", "late_writes", "closed_window_grew"),
    "row_in_future": ("created_after_updated", "feed_stale", "foreign_key_violation", "bet_without_odds"),
    "modified_at_decreased": ("row_outside_window", "closed_window_grew", "late_writes", "created_after_updated",
                              "window_not_additive"),
    "cursor_field_missing": ("required_field_missing",),
    "cursor_never_changes": (*_EDGES, "created_after_updated", "window_filters_creation_time"),
    "modified_at_too_coarse": ("created_after_updated",),
    # rows
    "id_reused": ("duplicate_id", "created_at_changed", "foreign_key_violation"),
    "duplicate_id": ("created_at_changed", "modified_at_decreased"),
    "session_split_by_currency": ("session_row_not_unique", "session_contradicts_itself", "session_partial_aggregate",
                                  "session_aggregate_decreased", "row_outside_window"),
    "session_row_not_unique": ("session_contradicts_itself", "session_partial_aggregate",
                               "session_aggregate_decreased", "row_outside_window"),
    "session_partial_aggregate": ("session_aggregate_decreased", "row_outside_window",
                                  "session_missing_from_action_window", "created_after_updated", "late_writes",
                                  "closed_window_grew"),
    "session_contradicts_itself": ("session_aggregate_decreased",),
    "required_field_missing": ("foreign_key_violation",),
    "required_field_empty": ("foreign_key_violation", "id_whitespace"),
    "id_whitespace": ("foreign_key_violation",),
    "foreign_key_violation": ("bet_without_odds",),
    "invalid_datetime": ("created_after_updated", "window_not_additive"),
    "float_noise": ("invalid_number",),
}  # fmt: skip
"""Code -> codes that it may bring along."""
_CONTAGIOUS: Final = frozenset({"server_error", "transport_error", "window_not_deterministic", "window_not_additive"})
_SPREAD: Final = 2
"""What comes and goes in so many feeds shows itself otherwise in others."""


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with `root` and `follows` set: roots first, the gravest first, then in their own order."""
    found = list(findings)
    told = [_with_place(one, found) for one in found]
    return tuple(sorted(told, key=lambda one: (not one.root, one.severity.rank)))


def _with_place(one: Finding, all_: list[Finding]) -> Finding:
    explained = any(_explains(other, one, all_) for other in all_)
    follows = tuple(dict.fromkeys(other.code for other in all_ if _explains(one, other, all_)))
    return replace(one, root=not explained, follows=follows)


def _explains(cause: Finding, effect: Finding, all_: list[Finding]) -> bool:
    if cause is effect or effect.code not in FOLLOWS.get(cause.code, ()):
        return False
    if _is_reference(effect):
        # A parent that is not answered whole leaves the rows of other feeds without it.
        return True
    mutual = cause.code in FOLLOWS.get(effect.code, ())
    if cause.feed is not None and effect.feed is not None and cause.feed != effect.feed:
        many, few = (sum(one.code == code for one in all_) for code in (cause.code, effect.code))
        # Of two that may each bring the other along it is the one that is seen in more feeds.
        return (
            cause.code in _CONTAGIOUS
            and many >= _SPREAD
            and (not mutual or (-many, _order(cause)) < (-few, _order(effect)))
        )
    return not mutual or _order(cause) < _order(effect)


def _order(finding: Finding) -> int:
    return list(FOLLOWS).index(finding.code)


def _is_reference(finding: Finding) -> bool:
    return finding.code in {"foreign_key_violation", "bet_without_odds"}
