"""How many rows does a poller lose that asks each closed minute once, and how many when windows are sealed?

Writers change a small casino: short transactions and ones that take as long as --tail, savepoints, two-phase commit,
rollbacks, stamps from clocks that lag and from queues. Pollers know nothing of halfopen: each asks every closed minute
of every feed until it has one whole answer, at its end or a second later, and never comes back. Time is compressed:
with --scale 30 a minute is two seconds. When all is over the database says what the final rows are.

    .venv/bin/python bench/late_rows.py [--engine postgresql|mysql] [--tail 90] [--seconds 150] [--seed 1] [--scale 30]
        [--standby] [--sql] [--kill] [--two-servers] [--lose-state] [--variants plain,wait,lift,apart]

A server of its own is started, as for the tests. The seed decides what each writer does; how they meet is the
machine's doing. Ends with 1 where a sealed server lost, doubled or moved a row, or where `plain` lost fewer than
--at-least: a harness that cannot lose proves nothing. 3 where something could not be started.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from _pytest.outcomes import OutcomeException

from late.places import place
from late.run import Options, run
from late.scale import Scale
from late.servers import DidNotStart
from late.standby import NoStandby
from late.table import table
from late.verdict import verdict


def main() -> int:
    """Runs it once, prints the table and the verdict."""
    chosen = _words().parse_args()
    options = _options(chosen)
    print(
        f"seed {chosen.seed}, {chosen.writers} writers, tail {chosen.tail:g} s, a minute is "
        f"{options.scale.window.total_seconds():g} s, {chosen.seconds:g} s of writing",
        flush=True,
    )
    try:
        with place(chosen.engine, on_standby=chosen.standby) as found, _folder(chosen.keep) as folder:
            report = asyncio.run(run(options, found, Path(folder)))
    except (OutcomeException, NoStandby, DidNotStart) as error:
        print(error)
        return 3
    print(f"{found.engine.name}{', read from a hot standby' if found.is_standby else ''}")
    print(table(report.lines))
    for name, reason in report.left_out.items():
        print(f"left out: {name}: {reason}")
    said, code = verdict(report, at_least=chosen.at_least, doubling=chosen.lose_state)
    print(said)
    return code


def _options(chosen: argparse.Namespace) -> Options:
    variants = tuple(chosen.variants.split(","))
    if chosen.two_servers:
        variants = (*(name for name in variants if name in {"plain", "lift"}), "two")
    if chosen.standby or chosen.engine != "postgresql":
        # A standby does not know who writes on the primary, and other engines do not tell at all.
        variants = tuple(name for name in variants if name != "wait")
    return Options(
        scale=Scale(chosen.scale),
        seconds=chosen.seconds,
        rows=chosen.rows,
        tail=chosen.tail,
        seed=chosen.seed,
        writers=chosen.writers,
        rate=chosen.rate,
        variants=variants,
        kill_every=6.0 if chosen.kill else None,
        lose_state=chosen.lose_state,
        free_sql=chosen.sql,
    )


def _words() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--engine", choices=("postgresql", "mysql"), default="postgresql")
    words.add_argument("--seconds", type=float, default=150, help="of writing, real ones")
    words.add_argument(
        "--rows", type=int, default=20_000, help="written a little longer for, where the machine is busy"
    )
    words.add_argument("--tail", type=float, default=90, help="seconds of the longest transactions, the product's")
    words.add_argument("--scale", type=int, default=30)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--writers", type=int, default=16)
    words.add_argument("--rate", type=float, default=150, help="transactions a real second, all writers together")
    words.add_argument("--variants", default="plain,wait,lift,apart")
    words.add_argument("--at-least", type=int, default=50, help="rows that plain must lose")
    words.add_argument("--standby", action="store_true", help="servers read a hot standby (PostgreSQL)")
    words.add_argument("--kill", action="store_true", help="kill -9 of lifting servers during answers, again and again")
    words.add_argument("--two-servers", action="store_true", help="two lifting servers share their state")
    words.add_argument("--lose-state", action="store_true", help="the state is deleted halfway")
    words.add_argument("--sql", action="store_true", help="tables are mapped as free SQL, as joins are")
    words.add_argument("--keep", type=Path, help="a folder for configurations and logs, kept")
    return words


def _folder(kept: Path | None) -> "tempfile.TemporaryDirectory[str] | _Kept":
    return tempfile.TemporaryDirectory(prefix="halfopen-bench-") if kept is None else _Kept(kept)


class _Kept:
    """A folder that stays."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> str:
        self._path.mkdir(parents=True, exist_ok=True)
        return str(self._path)

    def __exit__(self, *error: object) -> None:
        """Nothing is removed."""


if __name__ == "__main__":
    sys.exit(main())
