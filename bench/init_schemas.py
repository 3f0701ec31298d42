"""How much of the schemas in tests/corpus/schemas `halfopen init` maps right, by what is then served.

python bench/init_schemas.py [SCHEMA ...]
"""

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support import postgresql, schemas


async def main(names: list[str]) -> None:
    """Prints one table an engine."""
    with tempfile.TemporaryDirectory() as folder:
        print("SQLite")
        print(schemas.table([await schemas.sqlite_score(Path(folder), name) for name in names]))
        if postgresql.server() is None:
            print("PostgreSQL: no server here")
            return
        scores = []
        for name in names:
            with postgresql.database() as url:
                scores.append(await schemas.postgresql_score(Path(folder), name, url))
        print("PostgreSQL")
        print(schemas.table(scores))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or list(schemas.NAMES)))
