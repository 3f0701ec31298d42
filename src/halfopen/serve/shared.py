"""What the workers behind one port have together: a private folder, made by their parent and gone with it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from halfopen.auth.base import Verifier
from halfopen.auth.lockout import Lockout
from halfopen.auth.shared import SharedFile, SharedRecords, SharedReplays
from halfopen.auth.signature import SignatureVerifier


@dataclass(frozen=True)
class Shared:
    """One worker's part. `worker`: its place among them, from 0; whoever replaces it takes the same place.

    Made in the worker itself, never before the fork: a file of SQLite must not be open on both sides of one.
    """

    folder: Path = field(repr=False)
    worker: int

    def lockout(self) -> Lockout:
        """A lock-out that counts every worker's failures."""
        return Lockout(records=SharedRecords(self._file))

    def join(self, verifiers: Sequence[Verifier]) -> None:
        """Lets those that refuse replays refuse what another worker has taken."""
        for verifier in verifiers:
            if isinstance(verifier, SignatureVerifier):
                verifier.share(partial(SharedReplays, self._file))

    @cached_property
    def _file(self) -> SharedFile:
        return SharedFile(self.folder / "entrance.sqlite")


@contextmanager
def shared_folder() -> Iterator[Path]:
    """A folder that nobody else on the machine can read."""
    with TemporaryDirectory(prefix="halfopen-workers-") as name:
        yield Path(name)
