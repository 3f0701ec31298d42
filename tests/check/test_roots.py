from halfopen.check.finding import Certainty, Finding, Severity
from halfopen.check.roots import FOLLOWS, ranked
from halfopen.check.rule import rules


def finding(code: str, feed: str | None = "logins", severity: Severity = Severity.MUST) -> Finding:
    return Finding(
        code=code, severity=severity, certainty=Certainty.PROOF, feed=feed, count=1, samples=(), request="", fix="",
        section="",
    )  # fmt: skip


def roots(*findings: Finding) -> list[tuple[str, str | None]]:
    return [(one.code, one.feed) for one in ranked(findings) if one.root]


def test_only_rules_are_named() -> None:
    assert not (FOLLOWS.keys() | {code for codes in FOLLOWS.values() for code in codes}) - rules().keys()


def test_a_cause_takes_its_effects_along() -> None:
    found = ranked([finding("row_outside_window"), finding("window_upper_bound_inclusive")])
    assert [(one.code, one.root) for one in found] == [
        ("window_upper_bound_inclusive", True),
        ("row_outside_window", False),
    ]
    assert found[0].follows == ("row_outside_window",)


def test_a_cause_in_one_feed_explains_nothing_in_another() -> None:
    assert len(roots(finding("row_outside_window", "wallets"), finding("window_upper_bound_inclusive"))) == 2


def test_what_flaps_in_two_feeds_explains_a_third() -> None:
    flapping = finding("window_not_deterministic"), finding("window_not_deterministic", "wallets")
    assert len(roots(*flapping, finding("window_not_additive", "players"))) == 2
    assert len(roots(flapping[0], finding("window_not_additive", "players"))) == 2


def test_a_broken_parent_explains_orphans_elsewhere() -> None:
    assert roots(finding("server_error", "players"), finding("foreign_key_violation", "wallets")) == [
        ("server_error", "players")
    ]


def test_of_two_that_name_each_other_one_is_the_root() -> None:
    both = finding("server_error"), finding("transport_error")
    assert len(roots(*both)) == 1
    assert roots(*both) == roots(*reversed(both))


def test_the_gravest_comes_first() -> None:
    found = ranked([finding("csv_bom", severity=Severity.SHOULD), finding("id_reused")])
    assert [one.code for one in found] == ["id_reused", "csv_bom"]


def test_of_two_that_bring_each_other_along_elsewhere_the_one_of_more_feeds_is_the_root() -> None:
    lacking = [finding("window_not_additive", name) for name in ("players", "logins", "contacts")]
    assert ("window_not_deterministic", "wallets") not in roots(
        *lacking, finding("window_not_deterministic", "wallets")
    )
    flapping = [finding("window_not_deterministic", name) for name in ("players", "logins", "contacts")]
    assert ("window_not_additive", "wallets") not in roots(*flapping, finding("window_not_additive", "wallets"))


def test_the_narrower_of_two_is_the_root() -> None:
    for cause, effect in (
        ("body_truncated", "unparseable_body"),
        ("empty_window_error", "large_window_failed"),
        ("row_outside_window", "equal_window_not_empty"),
        ("parameters_not_supported", "window_ignored"),
    ):
        assert roots(finding(effect), finding(cause)) == [(cause, "logins")]
