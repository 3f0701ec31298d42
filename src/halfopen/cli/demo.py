"""`halfopen demo`: SpaceVegas, a live casino, with serve and sync on it."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from halfopen.demo.faults.show import show
from halfopen.demo.run import Settings, run


def demo(
    *,
    folder: Annotated[Path, Parameter(name="--dir")] = Path("spacevegas"),
    port: int = 8400,
    seconds: float | None = None,
    speed: int = 12,
    players: int = 200,
    seed: int = 1,
    fault: str | None = None,
) -> int:
    """Run SpaceVegas, a live casino, with serve and sync on it; at the end mirror and casino are compared.

    Exit code 0: the mirror equals the casino. 1: it differs. 130: interrupted twice.

    Parameters
    ----------
    folder:
        Where the casino, the mirror and halfopen.toml are kept; begun afresh each time.
    port:
        Where the feeds are served, on 127.0.0.1; 0 takes a free one.
    seconds:
        How long the casino stays open; until Ctrl-C if not given.
    speed:
        How many times faster than life; a minute's cadence becomes 60 / speed seconds, whole ones.
    players:
        How many there are when the casino opens.
    seed:
        Which of all possible casinos.
    fault:
        Serve a product with this fault instead, for `halfopen check` to find; `list` names them all.
    """
    if fault is not None:
        command = _command()
        return show(fault, folder=folder, port=port, seconds=seconds, seed=seed, command=command, console=Console())
    settings = Settings(
        folder=folder, port=port, seconds=seconds, speed=speed, players=players, seed=seed, command=_command()
    )
    return run(settings, Console())


def _command() -> str:
    """What to type for this program: its name where the shell finds it, else its path, from here if it is below."""
    if shutil.which("halfopen"):
        return "halfopen"
    path = Path(sys.argv[0]).absolute()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
