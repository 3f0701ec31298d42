"""Login tokens are kept sealed or hashed, never as they are, and equal ones stay equal."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from halfopen.errors import SinkError
from halfopen.sinks.base import Sink
from halfopen.sinks.care import Care
from halfopen.sinks.replay import Rejudged, Replayed
from halfopen.sinks.tokens import Vault, as_kept, masked
from halfopen.wire.negotiate import Format
from sinks.conftest import Engine
from support.answers import Answers, stored, table

KEY = "a key of more than sixteen characters"
FIELD = "login_token"
STAMP = "2026-03-01 12:00:10"


def login(player: str, token: str | None, stamp: str = STAMP, **more: str | None) -> dict[str, str | None]:
    return {"player_id": player, "login_token": token, "updated_at": stamp, **more}


@pytest.fixture
def sealing(engine: Engine) -> Iterator[Sink]:
    sink: Any = engine.make()
    sink._care = Care(vault=Vault(KEY))
    sink.open()
    yield sink
    sink.close()


@pytest.fixture
def asked(sealing: Sink, tmp_path: Path) -> Answers:
    return Answers(sealing, tmp_path)


def everything(sink: Sink) -> str:
    names = ("auto_logins", "halfopen.quarantine", "halfopen.findings", "halfopen.ledger", "halfopen.columns")
    return json.dumps([table(sink, f"SELECT * FROM {name}") for name in names], default=str)


def test_a_token_can_be_read_with_its_key_and_with_no_other() -> None:
    sealed = Vault(KEY).seal("vegas", FIELD, "t0ken")
    assert Vault(KEY).open("vegas", FIELD, sealed) == "t0ken"
    assert sealed == Vault(KEY).seal("vegas", FIELD, "t0ken")
    assert sealed != Vault(KEY).seal("vegas", FIELD, "t0ken2")
    for vault, product, text in (
        (Vault(KEY + "x"), "vegas", sealed),
        (Vault(KEY), "macau", sealed),
        (Vault(KEY), "vegas", sealed[:-4] + "AAAA"),
        (Vault(KEY), "vegas", "aes-siv:x"),
        (Vault(KEY), "vegas", "sha256:" + 64 * "0"),
    ):
        with pytest.raises(SinkError, match="login_token") as no:
            vault.open(product, FIELD, text)
        assert "t0ken" not in str(no.value)


@pytest.mark.parametrize("format_", [Format.CSV, Format.NDJSON])
def test_tokens_are_sealed_at_rest_and_equal_ones_change_nothing(
    sealing: Sink, asked: Answers, format_: Format
) -> None:
    rows = [login("u1", "t0ken-1"), login("u2", "t0ken-2")]
    sealing.apply([asked("auto_logins", rows, format=format_)])
    kept = {key: row[FIELD] for key, row in stored(sealing, "auto_logins").items()}
    assert {key: Vault(KEY).open("vegas", FIELD, text) for key, text in kept.items()} == {
        "u1": "t0ken-1",
        "u2": "t0ken-2",
    }

    [again] = sealing.apply([asked("auto_logins", rows, format=format_, rung=1)])
    assert (again.changed, again.late) == (0, 0)
    [newer] = sealing.apply([asked("auto_logins", [login("u1", "t0ken-3", "2026-03-01 12:00:20")], format=format_)])
    assert newer.changed == 1
    assert "t0ken" not in everything(sealing)


@pytest.mark.parametrize("header", [b"player_id,login_token,updated_at\r\n", b"updated_at,player_id,secret\r\n"])
def test_an_answer_with_a_header_alone_has_no_tokens_to_seal(sealing: Sink, asked: Answers, header: bytes) -> None:
    sealing.apply([asked("auto_logins", [login("u1", "t0ken-1")])])
    [applied] = sealing.apply([asked("auto_logins", header)])
    assert applied.rows == 0


def test_several_products_at_once_each_have_their_tokens_sealed(sealing: Sink, asked: Answers) -> None:
    answers = []
    for product in ("vegas", "macau"):
        asked.product = product
        answers.append(asked("auto_logins", [login("u1", "t0ken")]))
    sealing.apply(answers)
    for product in ("vegas", "macau"):
        text = stored(sealing, "auto_logins", product)["u1"][FIELD]
        assert Vault(KEY).open(product, FIELD, text) == "t0ken"


@pytest.mark.parametrize("key", [KEY, None])
def test_a_token_under_a_name_that_nobody_knows_is_no_plain_text_either(
    engine: Engine, tmp_path: Path, key: str | None
) -> None:
    sink: Any = engine.make()
    sink._care = Care(vault=Vault(key) if key else None)
    sink.open()
    answer = Answers(sink, tmp_path)
    row = login("u1", None, secret="t0ken-hidden")
    del row[FIELD]
    torn = b"player_id,login_token,updated_at\r\nu9,t0ken-torn\r\n"
    sink.apply(
        [answer("auto_logins", [row, login("u2", "t0ken-2", "no stamp", secret="t0ken-3")], format=Format.NDJSON)]
    )
    sink.apply([answer("auto_logins", torn)])
    assert "t0ken" not in everything(sink)

    [held] = sink.held("vegas", "auto_logins", code="required_field_missing", after=(-1, ""), limit=9)
    text = as_kept(answer("auto_logins", b"").feed, json.loads(held.raw))
    made = answer("auto_logins", [text], format=Format.NDJSON, seq=held.seq, columns={FIELD: "secret"})
    job = Rejudged(answer=replace(made, window=held.window), digests=(held.digest,))
    assert sink.replay([job]) == [Replayed(replayed=1)]
    kept = stored(sink, "auto_logins")["u1"][FIELD]
    if key:
        assert Vault(key).open("vegas", FIELD, kept) == "t0ken-hidden"
        sink.apply([answer("auto_logins", [login("u1", "t0ken-hidden")])])
        assert stored(sink, "auto_logins")["u1"][FIELD] == kept
    assert "t0ken" not in everything(sink)
    sink.close()


def test_a_token_that_looks_as_if_it_were_kept_is_hashed_all_the_same(sink: Sink, answer: Answers) -> None:
    sent = "sha256:" + 64 * "a"
    sink.apply([answer("auto_logins", [login("u1", sent), login("u2", "aes-siv:abc")])])
    assert sent not in everything(sink)
    assert "aes-siv:abc" not in everything(sink)


def test_kept_tokens_are_masked_for_people() -> None:
    sealed = Vault(KEY).seal("vegas", FIELD, "t0ken")
    assert masked(f'{{"a": "{sealed}", "b": "sha256:{64 * "0"}"}}') == '{"a": "***", "b": "***"}'
    assert masked("sha256 is a hash") == "sha256 is a hash"
