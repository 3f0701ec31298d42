from hypothesis import given
from hypothesis import strategies as st

from halfopen.auth.query import redacted, single, spoken

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_what_is_not_secret_stays_byte_for_byte():
    query = "from=2020-10-10%2007:00:00&to=2020-10-10+08:00:00&&x&y=&=z"
    assert redacted(query, {"password"}) == query


def test_a_secret_is_hidden_however_its_name_is_written():
    assert redacted("a=1&pass+word=s&p%61ss%20word=s&pass+word", {"pass word"}) == (
        "a=1&pass+word=***&p%61ss%20word=***&pass+word"
    )


@given(TEXT.filter(bool), st.text("xyz", min_size=3), st.lists(st.tuples(TEXT, st.just("v")), max_size=3))
def test_no_secret_is_left(name, value, others):
    query = "&".join(f"{spoken(key)}={spoken(text)}" for key, text in [*others, (name, value)])
    shown = redacted(query, {name})
    assert shown.endswith("=***")
    assert single(shown, name) in {"***", None}


@given(TEXT, TEXT)
def test_what_is_spoken_is_read_again(name, value):
    assert single(f"{spoken(name)}={spoken(value)}", name) == value


def test_a_parameter_given_twice_is_none():
    assert single("a=1&a=1", "a") is None
    assert single("b=1", "a") is None
    assert single("a", "a") == ""
