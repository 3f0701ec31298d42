"""What a probe finds out of a small product, over real HTTP."""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.sync.probe.ask import MOST_REQUESTS, Probe
from halfopen.sync.probe.write import written
from support.dialects import Question, speaking

PLAYERS = "id,first_name,registered_at,modified_at\r\np1,Zoe,2025-01-01 00:00:00,{at}\r\n"


async def probed(tmp_path: Path, speak: Callable[[Question], web.Response]) -> tuple[str, dict[str, Any]]:
    async with speaking(speak) as speaker, aiohttp.ClientSession(auto_decompress=False) as session:
        product = ProductConfig(name="casino", url=speaker.url)
        found = await Probe(product, session, tmp_path / "spool", lambda: datetime.now(UTC)).ask()
        assert len(speaker.asked) <= MOST_REQUESTS
    section = written(found.section("casino", product.url, '{ scheme = "none" }'))
    return section, tomllib.loads(section)["products"]["casino"]


def quiet(answer: str, *, in_the_hour: str = "") -> Callable[[Question], web.Response]:
    """Players have a row in the hour; all else, and the year 2000, have none."""

    def speak(question: Question) -> web.Response:
        if question.query["from"].startswith("2000"):
            return web.Response(text=answer)
        is_players = question.path == feeds()["players"].path
        return web.Response(text=PLAYERS.format(at=question.query["from"]) if is_players else in_the_hour)

    return speak


async def test_answers_without_a_byte_are_declared(tmp_path: Path) -> None:
    text, found = await probed(tmp_path, quiet(""))
    assert found["dialect"] == {"empty_body": True}
    assert "a minute of the year 2000 without a byte, twice" in text
    assert "feeds" not in found, "a feed without rows is there"


@pytest.mark.parametrize("answer", ["id,modified_at\r\n", "<h1>No</h1>"])
async def test_they_are_not_where_a_minute_without_rows_has_bytes(tmp_path: Path, answer: str) -> None:
    text, found = await probed(tmp_path, quiet(answer))
    assert "dialect" not in found
    assert "# empty_body = true  # the hour was answered without a byte in contacts, " in text


async def test_nothing_is_said_where_all_have_bytes(tmp_path: Path) -> None:
    text, _ = await probed(tmp_path, quiet("id,modified_at\r\n", in_the_hour="id,modified_at\r\n"))
    assert "empty_body" not in text
