"""Loaded by schemathesis (SCHEMATHESIS_HOOKS): the one thing about a request that OpenAPI cannot say.

An order between two parameters is not to be had in a schema, so that schemathesis makes windows that end before they
begin. Whatever else the document calls right must be answered with rows.
"""

import schemathesis


@schemathesis.check
def right_requests_are_answered(ctx, response, case):
    """In place of positive_data_acceptance."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code == 200:
        return
    problem = response.json()
    assert (response.status_code, problem["code"]) == (400, "inverted_window"), problem
