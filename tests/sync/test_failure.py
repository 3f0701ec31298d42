"""An envelope that says that the product failed is no answer."""

import pytest

from halfopen.sync.failure import demand_success
from halfopen.sync.refusal import Refusal


@pytest.mark.parametrize(
    "around",
    [
        {"success": False},
        {"Success": "false"},
        {"success": 0},
        {"ok": False},
        {"is_success": False},
        {"status": "error"},
        {"status": "FAILED"},
        {"status": False},
        {"status": 500},
        {"code": "503"},
        {"statusCode": 404},
        {"error": "timeout"},
        {"error": {"code": 500, "message": ""}},
        {"errors": [{"code": "x"}]},
        {"errors": ["timeout"]},
        {"errorMessage": "timeout"},
        {"error": True},
    ],
)
def test_a_failure_is_refused_as_it_was_told(around: dict[str, object]) -> None:
    (name,) = around
    with pytest.raises(Refusal, match=f"says that it failed; found '{name}': ") as caught:
        demand_success({"data": [], **around}, narrower=False)
    assert not caught.value.narrower


@pytest.mark.parametrize(
    "around",
    [
        {"error": None, "errors": [], "status": "ok", "success": True, "message": ""},
        {"error": "", "errors": {}, "status": "success", "code": 0},
        {"error": False, "errors": None, "status": 200, "code": "200", "ok": True},
        {"error": {"code": 0, "message": "OK"}, "errors": [None, ""]},
        {"error": "No error.", "errors": 0, "ok": 0, "success": 1, "code": 1000},
        {"error_count": 3, "status": "partial", "result": None, "success": None},
        {"meta": {"status": "error", "success": False, "error": "not at the top"}},
        {"total": 450, "limit": 500},
    ],
)
def test_what_says_nothing_of_the_kind_is_taken(around: dict[str, object]) -> None:
    demand_success({"data": [], **around}, narrower=False)


def test_a_long_reason_is_cut() -> None:
    with pytest.raises(Refusal, match=r"found 'error': 'x{119}\.\.\.; ask the product") as caught:
        demand_success({"error": "x" * 5000}, narrower=True)
    assert caught.value.narrower
