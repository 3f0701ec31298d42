"""Every rule is documented, seen to fire and seen not to fire; every sentence of the requirements has its rules."""

import asyncio
import hashlib
import os
import re
import tomllib
from pathlib import Path

import pytest

from halfopen.check import catalogue, engine
from halfopen.check.catalogue import sentences
from halfopen.check.client import Limits
from halfopen.check.finding import Status
from halfopen.check.rule import rules
from halfopen.config.product import read_product
from halfopen.contract.load import NAMES
from halfopen.demo import faults
from halfopen.demo.faults import caller
from support.alone import alone

PAGE = Path(__file__).parents[2] / "docs" / "checking.md"
DOCUMENT = "HALFOPEN_REQUIREMENTS"
STRONG = re.compile(r"\b(must|required|always|only|never)\b", re.IGNORECASE)

UNIT_TESTS = {
    "tls_missing": "tests/check/rules/test_tls.py::test_a_public_address_without_tls_is_told",
    "tls_old": "tests/check/rules/test_tls.py::test_an_old_tls_is_told",
    "single_polls_refused": "tests/check/rules/test_refusals.py::test_a_poll_that_is_refused_alone_is_told",
    "credentials_refused": "tests/check/rules/test_refusals.py::test_credentials_that_nobody_accepts_are_told",
}
"""Rules that no animal of the zoo breaks, and the test that does."""
QUIET_UNIT_TESTS = {
    **UNIT_TESTS,
    "tls_invalid": "tests/check/rules/test_tls.py::test_a_certificate_that_ends_soon_is_told",
    "retry_after_missing": "tests/check/rules/test_refusals.py::test_a_refusal_says_when_to_come_again",
    "compression_missing": "tests/check/rules/test_tls.py::test_megabytes_without_compression_are_told",
}
"""Rules that no correct animal of `QUIET` passes, and the test that shows one that does."""
QUIET = {
    "plain": (2, NAMES),
    "json_only": (0, ("logins",)),
    "custom_fields": (0, ("players",)),
    "oauth2": (0, ("logins",)),
}
"""Correct animals, seconds of watching and the feeds to ask, which together pass every other rule."""


def breakers() -> dict[str, set[str]]:
    """Rule -> animals that break it, as their main fault or beside it."""
    found: dict[str, set[str]] = {}
    for animal in faults.zoo().values():
        for code in (animal.code, *(word.partition("@")[0] for word in animal.also)):
            if animal.code is not None and code is not None:
                found.setdefault(code, set()).add(animal.name)
    return found


@pytest.fixture(scope="module")
def passed() -> set[str]:
    with alone():
        return {code for name, how in QUIET.items() for code in judged(name, *how)}


def judged(name: str, watch: int, feeds: tuple[str, ...]) -> set[str]:
    with faults.serving(name) as served:
        words = tomllib.loads(caller.toml(type(served.product), served.url))["products"][caller.NAME]
        product = read_product(caller.NAME, words, caller.NAME)
        report = asyncio.run(
            engine.check(product, engine.Options(watch=watch, feeds=tuple(feeds), limits=Limits(rate=500)))
        )
    return {verdict.code for verdict in report.verdicts if verdict.status is Status.PASS}


@pytest.mark.parametrize("code", rules())
def test_every_rule_has_something_that_breaks_it(code):
    assert breakers().get(code) or exists(UNIT_TESTS[code])


@pytest.mark.parametrize("code", UNIT_TESTS)
def test_no_unit_test_is_named_for_what_an_animal_breaks(code):
    assert not breakers().get(code)


@pytest.mark.parametrize("code", rules())
def test_every_rule_has_something_that_keeps_it(code, passed):
    assert code in passed or exists(QUIET_UNIT_TESTS[code])


@pytest.mark.parametrize("code", rules())
def test_every_rule_says_what_is_wrong_and_how_to_mend_it(code):
    rule = rules()[code]
    assert rule.doc.endswith(".")
    assert all((rule.fix, rule.good, rule.bad, rule.section))


def exists(node: str) -> bool:
    file, _, name = node.partition("::")
    return f"def {name}(" in (PAGE.parents[1] / file).read_text(encoding="utf-8")


def test_the_page_lists_the_rules_and_sentences_that_there_are():
    page = PAGE.read_text(encoding="utf-8")
    assert catalogue.renewed(page) == page, "run: python -m halfopen.check.catalogue docs/checking.md"
    assert all(page.count(f"| `{code}` |") == 1 for code in rules())


def test_a_page_that_lags_behind_is_noticed():
    page = PAGE.read_text(encoding="utf-8")
    assert catalogue.renewed(page.replace("| `duplicate_id` |", "| `duplicate` |")) == page


@pytest.mark.parametrize("sentence", sentences(), ids=lambda sentence: f"line{sentence.line}")
def test_every_sentence_is_judged_or_says_why_not(sentence):
    assert bool(sentence.rules) != bool(sentence.outside)
    assert set(sentence.rules) <= rules().keys()
    assert len(sentence.about.split()) <= 12


def test_every_strong_sentence_of_the_document_is_there():
    """Against the document itself, where `HALFOPEN_REQUIREMENTS` names it: it is not ours to keep here."""
    path = os.environ.get(DOCUMENT)
    if not path:
        pytest.skip(f"{DOCUMENT} does not name the document")
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    strong = {number: line.strip() for number, line in enumerate(lines, 1) if STRONG.search(line)}
    digests = {one.line: one.digest for one in sentences()}
    assert {number: hashlib.sha256(line.encode()).hexdigest()[:8] for number, line in strong.items()} == digests
