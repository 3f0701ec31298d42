"""The parent of the workers, with workers that do nothing but what a test wants."""

import os
import subprocess
import sys
import time

PARENT = """
import os, sys, time
from halfopen.errors import ConfigError
from halfopen.serve import workers
workers._PAUSE_SECONDS = 0.05

def work(place):
    os.write(1, f"up {{place}} {{os.getpid()}}\\n".encode())  # at once, or two workers' words mix
    {work}
    return 0

code = workers.run(2, work, lambda process: print("died", process, flush=True), lambda: False)
print("ended", code, flush=True)
"""


def parent(work: str) -> subprocess.Popen[str]:
    program = PARENT.format(work=work)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str]) -> list[str]:
    return process.stdout.readline().split()


def test_a_worker_that_ends_is_replaced_in_its_place():
    with parent("time.sleep(60)") as process:
        _, place, first = min(line(process), line(process))
        assert place == "0"
        os.kill(int(first), 9)
        assert line(process) == ["died", first]
        assert line(process)[:2] == ["up", "0"]
        process.terminate()
        assert process.stdout.read() == "ended 0\n"
        assert process.wait(10) == 0


def test_a_stop_at_any_moment_is_heard():
    """Also one that comes before the first worker, or between a death and its replacement."""
    for number in range(30):
        with parent("time.sleep(0.02)") as process:
            line(process)
            time.sleep(number / 300)
            process.terminate()
            out, err = process.communicate(timeout=10)
            assert out.splitlines()[-1] == "ended 0"
            assert not err


def test_why_a_worker_cannot_live_is_said_in_a_line():
    with parent('raise ConfigError("serve.database: gone") if place else ValueError("odd")') as process:
        for _ in range(4):
            line(process)
        process.terminate()
        _, err = process.communicate(timeout=10)
    assert "cannot go on: serve.database: gone\n" in err
    assert "cannot go on: ValueError: odd\n" in err
    assert "Traceback" not in err
