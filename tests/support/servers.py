"""What the private servers of tests have in common."""

import os
import pwd
import socket
from typing import Any, NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skips the test, and fails where `CI` is set: there everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def other_user(*names: str) -> pwd.struct_passwd | None:
    """Whom root runs a server as that refuses to run as root; None for everybody else, who runs it as himself."""
    if os.geteuid() != 0:
        return None
    for name in (*names, "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.fail(f"root may not run the server, and there is no user {' or '.join(names)} or nobody to run it as")


def identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """What Popen is told."""
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
