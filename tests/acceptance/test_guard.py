"""The tests' own servers end with the tests, also when pytest is killed."""

import subprocess
import sys
import time
from pathlib import Path

from support import guard

STARTER = """
import subprocess, sys, time
from support.guard import ends_with_us
child = subprocess.Popen(["sleep", "60"])
ends_with_us(child.pid)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_guarded_process_ends_when_its_starter_is_killed():
    folder = Path(guard.__file__).parents[1]
    with subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, cwd=folder, text=True) as starter:
        child = Path("/proc", starter.stdout.readline().strip())
        assert child.exists()
        starter.kill()
    for _ in range(100):
        if not child.exists() or "State:\tZ" in (child / "status").read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"{child.name} is still there")
