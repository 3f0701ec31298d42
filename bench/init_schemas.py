"""How much of the schemas in tests/corpus/schemas `halfopen init` maps right, by what is then served.

python bench/init_schemas.py [ENGINE ...] [SCHEMA ...]
"""

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support import schemas


async def main(words: list[str]) -> None:
    """One line a schema and engine, then totals."""
    wanted = [word for word in words if word not in schemas.ENGINES] or schemas.NAMES
    scores = []
    for engine in [word for word in words if word in schemas.ENGINES] or schemas.ENGINES:
        for name in (name for name in schemas.of(engine) if name in wanted):
            with tempfile.TemporaryDirectory() as folder:
                scores.append(await schemas.measured(engine, Path(folder), name))
    print(schemas.table(scores))
    for engine in dict.fromkeys(score.engine for score in scores):
        mine = [score for score in scores if score.engine == engine]
        right, mappable = sum(score.right for score in mine), sum(score.mappable for score in mine)
        silent = sum(len(score.silent) for score in mine)
        print(f"{engine}: {right} of {mappable} required fields right, {silent} wrong without a word")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
