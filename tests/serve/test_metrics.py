"""What is counted, and that two applications in one process do not count together."""

from prometheus_client.parser import text_string_to_metric_families

from halfopen.serve.metrics import Metrics, Served


def served(**changes) -> Served:
    told = {"feed": "players", "status": 200, "problem": None, "failed": False, "rows": 3, "bytes": 90, "seconds": 0.2}
    return Served(**told | changes)


def counted(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def after(*requests: Served) -> dict[tuple[str, ...], float]:
    metrics = Metrics()
    for each in requests:
        metrics.began()
        metrics.ended(each)
    return counted(metrics)


def test_requests_rows_bytes_and_seconds_are_counted_by_feed():
    found = after(served(), served(rows=4, bytes=10, seconds=3), served(feed="wallets", status=499, rows=0, bytes=0))
    assert found["halfopen_requests_total", "players", "200"] == 2
    assert found["halfopen_requests_total", "wallets", "499"] == 1
    assert found["halfopen_rows_total", "players"] == 7
    assert found["halfopen_bytes_total", "players"] == 100
    assert found["halfopen_answer_seconds_count", "players"] == 2
    assert found["halfopen_answer_seconds_bucket", "players", "0.25"] == 1
    assert found["halfopen_answer_seconds_sum", "players"] == 3.2


def test_what_is_no_feed_has_no_rows():
    found = after(served(feed=None, status=404, problem="not_found", rows=0, bytes=0))
    assert found["halfopen_requests_total", "", "404"] == 1
    assert not [name for name, *_ in found if name.startswith(("halfopen_rows", "halfopen_answer_seconds"))]


def test_refused_sign_ins_and_failed_queries_are_told_by_their_reason():
    found = after(
        served(status=401, problem="unauthorized", rows=0),
        served(status=429, problem="too_many_failures", rows=0),
        served(status=503, problem="unavailable", failed=True, rows=0),
        served(status=200, failed=True),
        served(status=400, problem="missing_window"),
    )
    assert {key: value for key, value in found.items() if "refused" in key[0] or "failed" in key[0]} == {
        ("halfopen_refused_sign_ins_total", "unauthorized"): 1,
        ("halfopen_refused_sign_ins_total", "too_many_failures"): 1,
        ("halfopen_failed_queries_total", "players", "unavailable"): 1,
        ("halfopen_failed_queries_total", "players", "broken_off"): 1,
    }


def test_answers_in_flight_go_up_and_down():
    metrics = Metrics()
    metrics.began()
    metrics.began()
    assert counted(metrics)["halfopen_answers_in_flight",] == 2
    metrics.ended(served())
    assert counted(metrics)["halfopen_answers_in_flight",] == 1


def test_two_applications_count_apart():
    one, other = Metrics("1"), Metrics("2")
    one.began()
    one.ended(served())
    assert ("halfopen_requests_total", "players", "200") in counted(one)
    assert ("halfopen_requests_total", "players", "200") not in counted(other)
    assert b"_created" not in one.text()
