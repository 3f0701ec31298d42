"""Run `halfopen check` over the zoo, and print what it found of what there is to find.

    .venv/bin/python bench/check_zoo.py [NAME...] [--seeds 1,2,3] [--watch 0] [--jobs 2] [--short] [--json FILE]

A line an animal: what was found against what had to be found. At the end: faults missed, found under another code or
feed, alarms that nothing justifies, alarms on correct dialects, requests, seconds. Exit code 1 when a fault is missed,
fewer than 95 % have the right code and feed, or a MUST is held against a correct dialect.
"""

import argparse
import io
import json
import multiprocessing
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path

from halfopen.cli.main import run
from halfopen.demo.faults import Fault, names, serving, zoo
from halfopen.demo.faults.caller import arguments, toml

LIMIT_SECONDS = 420
MOST_ROOTS = 3
RIGHT_SHARE = 0.95


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the checker said of one animal with one seed."""

    name: str
    seed: int
    expected: str
    outcome: str
    """right | wrong_feed | wrong_code | missed | quiet (a correct dialect) | alarm | broken."""
    found: list[str]
    """code@feed of each finding, roots with a star."""
    alarms: list[str]
    """Findings that nothing justifies: MUST and SHOULD beside the fault and what may come along."""
    must_alarms: list[str]
    roots: int
    requests: int
    seconds: float
    why: str = ""


def judge(name: str, seed: int, watch: int, words: Sequence[str] = ()) -> Verdict:
    """Serve one animal and check it with the command's own words, in this process."""
    fault = zoo()[name]
    seconds = max(watch, fault.watch)
    with serving(name, seed=seed) as served, tempfile.TemporaryDirectory() as folder:
        file, report = Path(folder) / "halfopen.toml", Path(folder) / "report.json"
        file.write_text(toml(fault.product, served.url), encoding="utf-8")
        line = ["check", *arguments(fault.product, served.url, file), "--watch", f"{seconds}s", "--json", str(report)]
        said = io.StringIO()
        try:
            with redirect_stdout(said), redirect_stderr(said), limited(LIMIT_SECONDS):
                run([*line, *words])
        except Exception as error:  # noqa: BLE001 - whatever it fell over is told
            return broken(fault, seed, f"{type(error).__name__}: {error}")
        if not report.exists():
            return broken(fault, seed, said.getvalue().strip()[-300:])
        return verdict(fault, seed, json.loads(report.read_text(encoding="utf-8")))


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """TimeoutError in the main thread once the time is over."""

    def end(*_: object) -> None:
        raise TimeoutError(f"no end after {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def broken(fault: Fault, seed: int, why: str) -> Verdict:
    """The checker itself fell over."""
    expected = f"{fault.code}@{fault.feed}" if fault.code else "nothing"
    return Verdict(
        name=fault.name, seed=seed, expected=expected, outcome="broken", found=[], alarms=[], must_alarms=[], roots=0,
        requests=0, seconds=0.0, why=why,
    )  # fmt: skip


def verdict(fault: Fault, seed: int, report: dict) -> Verdict:
    """Compare a report with what there is to find."""
    findings = report["findings"]
    expected = [f for f in findings if f["code"] == fault.code]
    right = [f for f in expected if fault.feed is None or f["feed"] in {fault.feed, None}]
    alarms = [f for f in findings if f["severity"] != "INFO" and not _is_justified(fault, f)]
    along = [f for f in findings if f["code"] in fault.also and (fault.feed is None or f["feed"] == fault.feed)]
    if fault.code is None:
        outcome = "alarm" if any(f["severity"] == "MUST" for f in alarms) else "quiet"
    elif right:
        outcome = "right"
    elif expected:
        outcome = "wrong_feed"
    else:
        outcome = "wrong_code" if along or alarms else "missed"
    return Verdict(
        name=fault.name,
        seed=seed,
        expected=f"{fault.code}@{fault.feed or '-'}" if fault.code else "nothing",
        outcome=outcome,
        found=[f"{'*' * f['root']}{_named(f)}" for f in findings],
        alarms=[_named(f) for f in alarms],
        must_alarms=[_named(f) for f in alarms if f["severity"] == "MUST"],
        roots=len({f["code"] for f in findings if f["root"] and f["severity"] != "INFO"}),
        requests=report["requests"],
        seconds=report["seconds"],
    )


def _is_justified(fault: Fault, finding: dict) -> bool:
    known = {fault.code, *fault.also}
    if f"{finding['code']}@{finding['feed']}" in known:
        return True
    return finding["code"] in known and (fault.feed is None or finding["feed"] in {fault.feed, None})


def _named(finding: dict) -> str:
    return f"{finding['code']}@{finding['feed'] or '-'}"


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The lines to print, worst last."""
    for each in verdicts:
        text = "" if each.outcome in {"right", "quiet"} and not each.alarms else f" found {' '.join(each.found)}"
        alarms = f" ALARMS {' '.join(each.alarms)}" if each.alarms else ""
        yield (
            f"{each.outcome:10} {each.name:30} seed {each.seed} {each.expected:55} {each.roots} roots"
            f" {each.requests:4} requests {each.seconds:6.1f} s{alarms}{text} {each.why}".rstrip()
        )


def totals(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """The figures that the goals are about."""
    faults = [each for each in verdicts if each.expected != "nothing"]
    dialects = [each for each in verdicts if each.expected == "nothing"]
    right = sum(each.outcome == "right" for each in faults)
    return {
        "faults": len(faults),
        "right": right,
        "right_share": right / len(faults) if faults else 1.0,
        "wrong_feed": sum(each.outcome == "wrong_feed" for each in faults),
        "wrong_code": sum(each.outcome == "wrong_code" for each in faults),
        "missed": sum(each.outcome == "missed" for each in faults),
        "broken": sum(each.outcome == "broken" for each in verdicts),
        "alarms_beside_faults": sum(bool(each.alarms) for each in faults),
        "more_than_three_roots": sum(each.roots > MOST_ROOTS for each in faults),
        "dialects": len(dialects),
        "dialects_with_must": sum(bool(each.must_alarms) for each in dialects),
        "dialects_with_should": sum(bool(each.alarms) for each in dialects),
        "most_requests": max(each.requests for each in verdicts),
        "longest_seconds": max(each.seconds for each in verdicts),
    }


def is_good(found: dict[str, float]) -> bool:
    """Whether the goals are met."""
    none = found["missed"] + found["broken"] + found["dialects_with_must"] == 0
    return none and found["right_share"] >= RIGHT_SHARE


def sample(seed: int) -> list[str]:
    """One animal of each family, picked by the seed: none that needs watching or takes minutes."""
    pick = random.Random(seed)
    families: dict[str, list[str]] = {}
    for each in zoo().values():
        if not each.watch and not each.is_slow:
            families.setdefault(f"{each.code is None} {each.family}", []).append(each.name)
    return [pick.choice(family) for family in families.values()]


def judged(chosen: Sequence[str], seeds: Sequence[int], watch: int, jobs: int, rate: float) -> list[Verdict]:
    """Judge all of them, some at a time, and print each as it comes.

    Each in a process forked from one that has imported everything: that takes longer than the check of an animal.
    """
    work = [(name, seed, watch, ("--rate", str(rate))) for seed in seeds for name in chosen]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["halfopen.cli.check", "halfopen.check.engine", "halfopen.demo.faults"])
    found = []
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for done in as_completed([pool.submit(judge, *each) for each in work]):
            found.append(done.result())
            print(*table(found[-1:]), sep="\n", flush=True)
    return found


def main() -> int:
    """Read the words, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--watch", type=int, default=0, help="seconds; faults that need longer get it")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=40.0, help="requests a second; people's default is 10")
    parser.add_argument("--short", action="store_true", help="one of each family, picked by the first seed")
    parser.add_argument("--slow", action="store_true", help="also those that take minutes")
    parser.add_argument("--skip-watched", action="store_true", help="leave out what takes watching")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    began = time.monotonic()
    seeds = [int(seed) for seed in given.seeds.split(",")]
    chosen = given.names or (sample(seeds[0]) if given.short else names())
    if not given.names:
        chosen = [n for n in chosen if given.slow or not zoo()[n].is_slow]
        chosen = [n for n in chosen if not (given.skip_watched and zoo()[n].watch)]
    verdicts = judged(chosen, seeds, given.watch, given.jobs, given.rate)
    found = {**totals(verdicts), "took_seconds": round(time.monotonic() - began)}
    print("\n".join(f"{name:24} {value:g}" for name, value in found.items()))
    if given.json:
        given.json.write_text(json.dumps({"totals": found, "animals": [asdict(v) for v in verdicts]}, indent=1))
    return 0 if is_good(found) else 1


if __name__ == "__main__":
    sys.exit(main())
