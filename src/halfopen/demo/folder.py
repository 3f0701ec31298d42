"""The folder of a demo: begun afresh each time, and never anybody else's."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from halfopen.demo.config import CASINO, FILE, MIRROR
from halfopen.errors import UsageError

MARK = ".halfopen-demo"


@contextmanager
def afresh(folder: Path) -> Iterator[Path]:
    """An empty folder that is ours while the context lasts; what an earlier demo left in it is deleted.

    Raises:
        UsageError: the path is no folder, holds files that no demo made, or another demo runs in it.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--dir {str(folder)!r}: is no folder; name another")
    mark = folder / MARK
    if folder.exists() and not mark.is_file() and any(folder.iterdir()):
        raise UsageError(f"--dir {str(folder)!r}: holds files that no demo made, they stay; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        raise UsageError(f"--dir {str(folder)!r}: {error.strerror}; name a folder that can be written") from None
    with mark.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"--dir {str(folder)!r}: another demo runs in it; end it, or name another") from None
        _sweep(folder)
        yield folder


def _sweep(folder: Path) -> None:
    """Only what a demo makes, by name."""
    for entry in folder.iterdir():
        if entry.name == FILE or entry.name.startswith((CASINO, MIRROR)):
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
