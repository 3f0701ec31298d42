"""`halfopen`: finds the command, and turns every error made on purpose into one line and an exit code.

0 good; 1 the answer is bad news; 2 bad usage or configuration; 3 could not reach; 130 interrupted.
"""

import os
import signal
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from halfopen import __version__
from halfopen.errors import HalfopenError

USAGE = 2
INTERRUPTED = 130

# Each command is imported only when it runs: `halfopen --version` must not load a database.
COMMANDS = {
    "demo": "halfopen.cli.demo:demo",
    "init": "halfopen.cli.init:init",
    "serve": "halfopen.cli.serve:serve",
    "sync": "halfopen.cli.sync:sync",
    "backfill": "halfopen.cli.backfill:backfill",
    "reconcile": "halfopen.cli.reconcile:reconcile",
    "status": "halfopen.cli.status:status",
    "query": "halfopen.cli.query:query",
    "snapshot": "halfopen.cli.snapshot:snapshot",
    "replay": "halfopen.cli.replay:replay",
    "forget": "halfopen.cli.forget:forget",
    "report": "halfopen.cli.report:app",
    "probe": "halfopen.cli.probe:probe",
    "check": "halfopen.cli.check:app",
    "contract": "halfopen.cli.contract:app",
}


def application() -> App:
    """The command line, with its commands not yet imported."""
    app = App(
        name="halfopen",
        help="Hand the data of a casino or a sportsbook to a CRM, with every minute accounted for.",
        version=__version__,
        help_format="plaintext",
    )
    for name, where in COMMANDS.items():
        app.command(where, name=name)
    return app


def main(words: Sequence[str] | None = None) -> None:
    """Runs the command line and exits."""
    _heed_interrupts()
    sys.exit(run(sys.argv[1:] if words is None else words))


def run(words: Sequence[str]) -> int:
    """Runs the command that `words` name; the exit code."""
    try:
        result = application()(list(words), exit_on_error=False, print_error=False, result_action="return_value")
    except HalfopenError as error:
        return _refused(str(error), error.exit_code)
    except CycloptsError as error:
        return _refused(_sentence(str(error)), USAGE)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; a second complaint at exit would help nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _heed_interrupts() -> None:
    """Let SIGINT end this process also where it was started to ignore it, as scripts do with what they put behind."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _refused(text: str, code: int) -> int:
    sys.stderr.write(f"halfopen: {text}\n")
    return code


def _sentence(text: str) -> str:
    """The message of the parser in one line, with what to do next."""
    return f"{' '.join(text.split())} Try: halfopen --help"


if __name__ == "__main__":
    main()
