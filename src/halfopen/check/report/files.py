"""The files that a report is written to: looked at before anything is asked, written before anything is printed."""

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from halfopen.check.finding import Report
from halfopen.errors import UsageError

FORMS: Final = ("json", "html", "junit", "sarif")
STDOUT: Final = Path("-")


def demand_writable(wanted: Mapping[str, Path | None]) -> None:
    """That each of these options can have its file, and its own.

    Raises:
        UsageError: one cannot, and nothing was asked yet.
    """
    taken: dict[Path, str] = {}
    for option, path in wanted.items():
        if path is None:
            continue
        other = taken.setdefault(path, option)
        if other != option:
            raise UsageError(f"--{other} and --{option} both name {path}; give each a file of its own")
        if path != STDOUT:
            _demand(f"--{option} {path}", path)


def _demand(what: str, path: Path) -> None:
    if path.name.startswith("--"):
        raise UsageError(f"{what}: is an option and no file; write the file's name before it")
    if path.is_dir():
        raise UsageError(f"{what}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"{what}: there is no folder {path.parent}; make it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{what}: may not be written here; name a file in a folder of yours")


def write(report: Report, wanted: Mapping[str, Path | None]) -> None:
    """Each form into its file; what goes to standard output is left for `printed`.

    Raises:
        UsageError: a file cannot be written after all; the others are.
    """
    failed = []
    for form in FORMS:
        path = wanted.get(form)
        if path is None or path == STDOUT:
            continue
        try:
            path.write_text(_rendered(form, report), encoding="utf-8")
        except OSError as error:
            failed.append(f"cannot write {path}: {error.strerror}")
    if failed:
        raise UsageError("; ".join(failed))


def printed(report: Report, wanted: Mapping[str, Path | None]) -> None:
    """The form that goes to standard output, if any does; in UTF-8 like a file, whatever a terminal would have."""
    for form in FORMS:
        if wanted.get(form) == STDOUT:
            sys.stdout.flush()
            sys.stdout.buffer.write(_rendered(form, report).encode())


def _rendered(form: str, report: Report) -> str:
    """Each form is imported when it is wanted."""
    text: str = importlib.import_module(f"halfopen.check.report.{form}").render(report)
    return text
