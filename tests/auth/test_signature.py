import hashlib
import hmac
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.auth.query import spoken
from halfopen.auth.schemes import signer, verifier
from halfopen.errors import ConfigError
from support.signing import NOW, passes

QUERY = "from=2020-10-10%2007:00:00&to=2020-10-10+08:00:00"
PLAIN = {"scheme": "signature", "template": "{from}{to}{secret}", "secret": "s3cret"}
TIMED = PLAIN | {"template": "{path}|{from}|{to}|{timestamp}|{secret}", "timestamp": "ts", "tolerance": "5m"}
ALGORITHMS = ["md5", "sha1", "sha256", "hmac-sha256"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def signature_of(signed):
    return signed.query.rpartition("=")[2]


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("md5", hashlib.md5(b"2020-10-10 07:00:002020-10-10 08:00:00s3cret", usedforsecurity=False).hexdigest()),
        ("sha1", hashlib.sha1(b"2020-10-10 07:00:002020-10-10 08:00:00s3cret", usedforsecurity=False).hexdigest()),
        ("sha256", hashlib.sha256(b"2020-10-10 07:00:002020-10-10 08:00:00s3cret").hexdigest()),
        ("hmac-sha256", hmac.new(b"s3cret", b"2020-10-10 07:00:002020-10-10 08:00:00s3cret", "sha256").hexdigest()),
    ],
)
def test_it_is_the_digest_of_the_decoded_text(algorithm, expected):
    signed = signer(PLAIN | {"algorithm": algorithm}).sign("/api/players", QUERY)
    assert signed.query == f"{QUERY}&sign={expected}"
    assert signed.headers == {}


@given(
    st.sampled_from(ALGORITHMS),
    st.text("ab %/ä{", max_size=4).filter(lambda text: "{" not in text),
    st.tuples(TEXT.filter(bool), TEXT),
    st.text(string.ascii_letters + "/ä%+", max_size=6),
    st.booleans(),
)
@settings(max_examples=100)
def test_what_a_signer_sends_its_verifier_accepts(algorithm, literal, texts, path, timed):
    secret, value = texts
    words = {
        "scheme": "signature",
        "template": f"{literal}{{path}}{{from}}{{x y}}{{secret}}" + ("{timestamp}" if timed else ""),
        "secret": secret,
        "algorithm": algorithm,
        **({"timestamp": "ts"} if timed else {}),
    }
    in_address = "/" + "/".join(spoken(part) for part in path.split("/"))
    signed = signer(words).sign(in_address, f"from=1&{spoken('x y')}={spoken(value)}", now=NOW)
    assert passes(verifier(words), signed, in_address) == "signature"
    assert passes(verifier(words | {"secret": secret + "x"}), signed, in_address) is None
    assert passes(verifier(words), signed, in_address + "x") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda query: query.replace("07", "06"),
        lambda query: query.replace("&to=", "&too="),
        lambda query: query + "&from=2020-10-10%2007:00:00",
        lambda query: "to=2020-10-10+08:00:00&" + query,
        lambda query: query + "&sign=" + "0" * 32,
        lambda query: query[:-1],
        lambda query: query[:-1] + ("0" if query[-1] != "0" else "1"),
        lambda query: query.replace("&sign=", "&sign=%FF"),
        lambda query: query.partition("&sign")[0],
        lambda _: "",
    ],
)
def test_anything_else_is_refused(change):
    signed = signer(PLAIN).sign("/api/players", QUERY)
    assert verifier(PLAIN).verify("/api/players", signed.query, {}) == "signature"
    assert verifier(PLAIN).verify("/api/players", change(signed.query), {}) is None


def test_hexadecimal_digits_count_in_any_case_and_other_parameters_do_not():
    signed = signer(PLAIN).sign("/api/players", QUERY)
    digest = signature_of(signed)
    assert verifier(PLAIN).verify("/", f"format=csv&{QUERY}&sign={digest.upper()}", {}) == "signature"


@pytest.mark.parametrize(
    ("off", "is_in"), [(0, True), (300, True), (-300, True), (301, False), (-301, False), (300.5, False)]
)
def test_the_tolerance_includes_its_edges(off, is_in):
    signed = signer(TIMED).sign("/api/players", QUERY, now=NOW)
    assert (passes(verifier(TIMED), signed, now=NOW + off) is not None) is is_in


@pytest.mark.parametrize("stamp", ["", "x", "-1", "1e9", "1790000000.0", " 1790000000", "9" * 13, "\u0661"])
def test_a_time_that_is_none_is_refused_though_it_is_signed(stamp):
    text = f"/api/players|a|b|{stamp}|s3cret".encode()
    digest = hashlib.md5(text, usedforsecurity=False).hexdigest()
    query = f"from=a&to=b&ts={spoken(stamp)}&sign={digest}"
    assert verifier(TIMED).verify("/api/players", query, {}, now=NOW) is None


def test_nothing_timed_is_accepted_without_a_clock_nor_signed():
    signed = signer(TIMED).sign("/api/players", QUERY, now=NOW)
    assert verifier(TIMED).verify("/api/players", signed.query, {}) is None
    with pytest.raises(ConfigError, match="tell the time"):
        signer(TIMED).sign("/api/players", QUERY)


@given(st.lists(st.integers(-400, 400), min_size=1, max_size=30))
@settings(max_examples=100)
def test_a_replay_is_refused_whatever_the_clock_does(offsets):
    signed = signer(TIMED).sign("/api/players", QUERY, now=NOW)
    side = verifier(TIMED)
    other = signer(TIMED | {"name": "other"})
    taken = 0
    for off in offsets:
        taken += passes(side, signed, now=NOW + off) is not None
        passes(side, other.sign("/api/wallets", f"{QUERY}&n={off}", now=NOW + off), "/api/wallets", now=NOW + off)
    assert taken <= 1
    if abs(offsets[0]) <= 300:
        assert taken == 1


def test_a_replay_is_refused_with_other_parameters_and_other_hex_case():
    signed = signer(TIMED).sign("/api/players", QUERY, now=NOW)
    side = verifier(TIMED)
    assert passes(side, signed)
    head, _, digest = signed.query.rpartition("=")
    for query in (signed.query, f"{signed.query}&format=json", f"{head}={digest.upper()}"):
        assert side.verify("/api/players", query, {}, now=NOW) is None


def test_the_same_window_asked_twice_within_a_second_is_no_replay():
    side, ours = verifier(TIMED), signer(TIMED)
    for _ in range(3):
        assert passes(side, ours.sign("/api/players", QUERY, now=NOW))
    assert passes(side, ours.sign("/api/wallets", QUERY, now=NOW), "/api/wallets")


def test_the_signer_follows_a_clock_that_was_set_back():
    ours = signer(TIMED)
    ours.sign("/api/players", QUERY, now=NOW)
    assert f"&ts={int(NOW) - 3600}&" in ours.sign("/api/players", QUERY, now=NOW - 3600).query


def test_the_signer_remembers_few_paths():
    ours = signer(TIMED)
    for n in range(500):
        ours.sign(f"/api/{n}", QUERY, now=NOW)
    assert len(ours._last) <= 64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secret": ""}, "empty secret"),
        ({"template": "{from}{to}"}, "no {secret}"),
        ({"template": "{from{to}{secret}"}, "every {"),
        ({"template": "{}{secret}"}, "every {"),
        ({"template": "{sign}{secret}"}, "signature itself"),
        ({"template": "{timestamp}{secret}"}, "need each other"),
        ({"timestamp": "ts"}, "need each other"),
        ({"parameter": "from"}, "names of their own"),
        ({"algorithm": "crc32"}, "crc32"),
        ({"tolerance": "soon"}, "tolerance"),
        ({"tolerance": "0s"}, "tolerance"),
        ({"sekret": "x"}, "did you mean 'secret'"),
    ],
)
def test_words_that_do_not_fit_are_named(change, message):
    for side in (signer, verifier):
        with pytest.raises(ConfigError, match=message) as caught:
            side(PLAIN | change)
        assert "s3cret" not in str(caught.value)


def test_hmac_needs_no_secret_in_its_text():
    words = PLAIN | {"template": "{from}{to}", "algorithm": "hmac-sha256"}
    assert passes(verifier(words), signer(words).sign("/", QUERY), "/")
