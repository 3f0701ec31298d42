"""`halfopen snapshot`: a consistent copy of the mirror for readers, while sync runs."""

import sys
from pathlib import Path

import uvloop

from halfopen.config.load import Config, load
from halfopen.errors import UsageError
from halfopen.sync.mirror import attached


def snapshot(file: Path | None = None, /, *, parquet: Path | None = None, config: Path = Path("halfopen.toml")) -> int:
    """Write the mirror as of one moment to a DuckDB file, or to Parquet, one file a feed; sync may run.

    Tables, views and the ledger are in it; login tokens are not. The file appears whole or not at all.

    Args:
        file: the DuckDB file to write; one that is there is replaced, and whoever reads it keeps what they had.
        parquet: a folder for <feed>.parquet; made where it is missing.
        config: the configuration file.
    """
    if file is None and parquet is None:
        raise UsageError("snapshot: name a file, like readers.duckdb, or a folder with --parquet")
    settings = load(config, sections=("mirror", "products"))
    target, folder = _checked(settings, file, parquet)
    rows = uvloop.run(_snapshot(settings, target, folder))
    where = " and ".join(str(one) for one in (file, parquet) if one is not None)
    sys.stdout.write(f"{where}: {sum(rows.values()):,} rows of {len(rows)} feeds\n")
    return 0


def _checked(settings: Config, file: Path | None, parquet: Path | None) -> tuple[Path | None, Path | None]:
    """The targets as whole paths, for another process may write them; UsageError for what cannot be meant."""
    if file is not None:
        file = file.absolute()
        mirror = settings.needed_mirror().sink.path
        if mirror is not None and file.resolve() == mirror.resolve():
            raise UsageError(f"snapshot: {str(file)!r} is the mirror itself; name another file")
        if file.suffix == ".parquet":
            raise UsageError(
                f"snapshot: Parquet is a file a feed; name a folder: --parquet {file.with_suffix('').name}"
            )
        if not file.parent.is_dir() or file.is_dir():
            raise UsageError(f"snapshot: cannot write {str(file)!r}; name a file in a folder that is there")
    if parquet is not None:
        parquet = parquet.absolute()
        try:
            parquet.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"snapshot: --parquet {str(parquet)!r}: {error.strerror}; name a folder") from None
    return file, parquet


async def _snapshot(settings: Config, file: Path | None, parquet: Path | None) -> dict[str, int]:
    listens = settings.needed_mirror().sink.path is not None
    async with attached(settings, listens=listens) as mirror:
        return await mirror.snapshot(file, parquet)
