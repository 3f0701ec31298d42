"""`halfopen demo --fault NAME`, as people run it."""

import io
import shlex
import socket

import pytest
from rich.console import Console

from halfopen.config.load import load
from halfopen.demo.faults.show import show
from halfopen.errors import UsageError
from support.halfopen_process import run


def shown(name, folder, **more):
    out = io.StringIO()
    settings = {"folder": folder / "d", "port": 0, "seconds": 0.3, "seed": 1, "command": "halfopen", **more}
    assert show(name, **settings, console=Console(file=out, width=60)) == 0
    return out.getvalue()


def test_it_names_the_fault_and_the_line_to_try(tmp_path):
    text = shown("late_writes", tmp_path)
    assert "expected  closed_window_grew of transactions" in text
    line = next(line for line in text.splitlines() if "try" in line).removeprefix("  try       ")
    assert shlex.split(line)[:2] == ["halfopen", "check"]
    assert line.endswith("--watch 60s")
    assert not (tmp_path / "d").exists()


def test_what_the_command_line_cannot_say_is_written_down(tmp_path):
    text = shown("oauth2", tmp_path)
    file = tmp_path / "d" / "halfopen.toml"
    assert f"--config {file} --product zoo" in text
    product = load(file).products["zoo"]
    assert product.auth["scheme"] == "oauth2"
    assert product.auth["token_url"].startswith(product.url)


def test_the_list_names_all(tmp_path):
    assert "window_upper_bound_inclusive       players" in shown("list", tmp_path)


def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="name another, or 0"):
        shown("plain", tmp_path, port=taken.getsockname()[1])


async def test_the_command_takes_a_name(tmp_path):
    ended = await run("demo", "--fault", "upper-inclusive", "--port", "0", "--seconds", "0.5", folder=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert "window_upper_bound_inclusive of players" in ended.out
    ended = await run("demo", "--fault", "uper_inclusive", folder=tmp_path)
    assert ended.code == 2
    assert "did you mean upper_inclusive" in ended.err
