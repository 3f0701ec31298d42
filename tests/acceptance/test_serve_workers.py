"""Several workers behind one port count, refuse and forget as one server does."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from halfopen.auth.lockout import Limits
from halfopen.auth.schemes import signer
from support.serving import AT, PLAYERS, SIGNED_IN, asked, database, insert, player, written
from support.serving_process import serving

WORKERS = 3
FEED = '[serve.feeds.players]\ntable = "players"\n'
WHOLE = asked(AT, AT.replace(day=2))
TIMED = {
    "scheme": "signature",
    "template": "{path}{from}{to}{timestamp}{secret}",
    "timestamp": "ts",
    "algorithm": "sha256",
    "secret": "hush",
}


@pytest.fixture
def folder(tmp_path):
    insert(database(tmp_path, players=PLAYERS), "players", [player(n) for n in range(10)])
    return tmp_path


async def status(url: str, target: str, headers: dict[str, str]) -> int:
    """Over a connection of its own, which any of the workers may take."""
    async with aiohttp.ClientSession(url, headers=headers) as client, client.get(target) as answer:
        await answer.read()
        return answer.status


async def counted(url: str) -> dict[tuple[str, ...], float]:
    async with aiohttp.ClientSession(url, headers=SIGNED_IN) as client, client.get("/metrics") as answer:
        page = await answer.text()
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels) if name != "version")): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def workers_of(process: int) -> set[str]:
    return set(Path(f"/proc/{process}/task/{process}/children").read_text().split())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.1)


async def scraped(url: str, is_there: Callable[[dict[tuple[str, ...], float]], bool]) -> dict[tuple[str, ...], float]:
    """The first scrape that is as it should be: an answer is counted a moment after its last byte."""
    found = {}
    for _ in range(100):
        found = await counted(url)
        if is_there(found):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(found)


async def all_count(url: str, processes: set[str]) -> None:
    await scraped(url, lambda found: {name[1] for name in found if name[0] == "halfopen_build_info"} == processes)


def resident(process: str) -> int:
    """Bytes."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


async def test_a_scrape_tells_the_sums_of_all_workers_also_of_one_that_died(folder):
    async with serving(written(folder, FEED), "--workers", str(WORKERS)) as (url, process):
        await until(lambda: len(workers_of(process.pid)) == WORKERS)
        first = workers_of(process.pid)
        await all_count(url, first)
        for _ in range(30):
            assert await status(url, WHOLE, SIGNED_IN) == 200
        told = {
            ("halfopen_requests_total", "players", "200"): 30,
            ("halfopen_rows_total", "players"): 300,
            ("halfopen_answer_seconds_count", "players"): 30,
            ("halfopen_answers_in_flight",): 1,  # the scrape itself
        }
        for _ in range(2 * WORKERS):
            found = await scraped(url, lambda found: all(found.get(name) == value for name, value in told.items()))
        assert found["process_resident_memory_bytes",] > (WORKERS - 0.5) * resident(min(first))

        os.kill(int(min(first)), signal.SIGKILL)
        await until(lambda: len(workers_of(process.pid) - {min(first)}) == WORKERS)
        await all_count(url, workers_of(process.pid))
        assert await status(url, WHOLE, SIGNED_IN) == 200
        told["halfopen_requests_total", "players", "200"] = 31
        told["halfopen_rows_total", "players"] = 310
        told["halfopen_answer_seconds_count", "players"] = 31
        await scraped(url, lambda found: all(found.get(name) == value for name, value in told.items()))


async def test_failures_are_counted_over_all_workers(folder):
    """20 in all, not 20 each: and whoever is locked out is so at every worker."""
    async with serving(written(folder, FEED), "--workers", str(WORKERS)) as (url, process):
        await until(lambda: len(workers_of(process.pid)) == WORKERS)
        await all_count(url, workers_of(process.pid))
        wrong = {"Authorization": aiohttp.encode_basic_auth("crm", "wrong")}
        tries = await asyncio.gather(*[status(url, WHOLE, wrong) for _ in range(Limits().failures)])
        assert set(tries) == {401}
        assert {await status(url, WHOLE, SIGNED_IN) for _ in range(4 * WORKERS)} == {429}


async def test_a_signed_request_is_taken_once_by_all_workers_together(folder):
    config = written(folder, FEED)
    words = "".join(f'{name} = "{value}"\n' for name, value in TIMED.items())
    config.write_text(config.read_text().replace("[[serve.auth]]", f"[[serve.auth]]\n{words}\n[[serve.auth]]", 1))
    async with serving(config, "--workers", str(WORKERS)) as (url, process):
        await until(lambda: len(workers_of(process.pid)) == WORKERS)
        await all_count(url, workers_of(process.pid))
        path, _, query = WHOLE.partition("?")

        signed = signer(TIMED).sign(path, query, now=time.time())
        again = [await status(url, f"{path}?{signed.query}", {}) for _ in range(4)]
    assert sorted(again) == [200, 401, 401, 401]
