"""How much of the schemas in tests/corpus/schemas `halfopen init` maps right, by what is then served.

    python bench/init_schemas.py [SCHEMA ...]
"""

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support import schemas  # noqa: E402 - the tests' own measure, one place for both



async def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(schemas.table([await schemas.sqlite_score(Path(folder), name) for name in names]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or list(schemas.NAMES)))
