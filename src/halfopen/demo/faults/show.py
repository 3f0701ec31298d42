"""`halfopen demo --fault NAME`: one animal of the zoo on a port, for people to play with."""

import shlex
import socket
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

from rich.console import Console

from halfopen.demo.config import FILE
from halfopen.demo.faults import Fault, fault, zoo
from halfopen.demo.faults.app import address, server
from halfopen.demo.faults.caller import arguments, needs_file, toml
from halfopen.demo.folder import afresh
from halfopen.errors import UsageError
from halfopen.window.clock import utc_now

LIST = "list"


def show(
    name: str, *, folder: Path, port: int, seconds: float | None, seed: int, command: str, console: Console
) -> int:
    """Serve the animal until Ctrl-C or for some seconds; `list` names them all instead.

    Raises:
        UsageError: there is none of that name, or the port or the folder cannot be had.
    """
    if name == LIST:
        for each in zoo().values():
            _say(console, f"{each.name:32} {each.code or 'correct':34} {each.feed or '':19} {each.doc}")
        return 0
    found = fault(name)
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(port))
        url = address(found.product, listener)
        file = folder / FILE
        if needs_file(found.product):
            stack.enter_context(afresh(folder))
            file.write_text(toml(found.product, url), encoding="utf-8")
        _introduce(found, url, shlex.join([command, "check", *arguments(found.product, url, file)]), seconds, console)
        running = server(found.product(seed, utc_now))
        if seconds is not None:
            timer = threading.Timer(seconds, setattr, (running, "should_exit", True))
            timer.daemon = True
            stack.callback(timer.cancel)
            timer.start()
        # A KeyboardInterrupt is how uvicorn hands a Ctrl-C on once all is closed: here it is the ordinary end.
        with suppress(KeyboardInterrupt):
            running.run([listener])
    return 0


def _introduce(found: Fault, url: str, line: str, seconds: float | None, console: Console) -> None:
    where = f" of {found.feed}" if found.feed else ""
    expected = "nothing grave: it keeps the requirements" if found.code is None else f"{found.code}{where}"
    watching = f" --watch {found.watch}s" if found.watch else ""
    _say(console, f"{found.name}: {found.doc}")
    _say(console, f"  13 feeds  {url}")
    _say(console, f"  try       {line}{watching}")
    _say(console, f"  expected  {expected}")
    _say(console, "  Ctrl-C ends it" if seconds is None else f"  It ends after {seconds:g} s")


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise UsageError(f"--port {port}: {error.strerror}; name another, or 0 for a free one") from None


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
