"""The endpoint that serve_postgresql.py measures serve against: FastAPI, SQLAlchemy's pool, yield_per, csv.writer.

Written as a good engineer would in an afternoon; it streams, so that its memory stays flat as well. It needs what
bench/requirements.txt names, and nothing of halfopen.
"""

import csv
import io
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from sqlalchemy import MetaData, Table, create_engine, select

ENGINE = create_engine(os.environ["BENCH_URL"].replace("postgresql://", "postgresql+psycopg://"), pool_size=10)
PLAYERS = Table("players", MetaData(), autoload_with=ENGINE)
app = FastAPI()


def signed_in(credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> None:
    """The one user there is."""
    given = f"{credentials.username}:{credentials.password}"
    if not secrets.compare_digest(given.encode(), os.environ["BENCH_USER"].encode()):
        raise HTTPException(401)


@app.get("/healthz")
def alive() -> str:
    """The process answers."""
    return "alive"


def text(value: object) -> object:
    """A value as CSV shows it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def rows(start: datetime, end: datetime) -> Iterator[str]:
    """Blocks of 1,000 rows."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(PLAYERS.columns.keys())
    wanted = select(PLAYERS).where(PLAYERS.c.modified_at >= start, PLAYERS.c.modified_at < end)
    with ENGINE.connect() as connection:
        for part in connection.execution_options(yield_per=1000).execute(wanted).partitions():
            writer.writerows([[text(value) for value in row] for row in part])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


@app.get("/api/players", dependencies=[Depends(signed_in)])
def players(from_: Annotated[datetime, Query(alias="from")], to: datetime) -> StreamingResponse:
    """Rows of a window."""
    return StreamingResponse(rows(from_.replace(tzinfo=UTC), to.replace(tzinfo=UTC)), media_type="text/csv")


if __name__ == "__main__":
    port = int(os.environ["BENCH_PORT"])
    uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", log_level="critical")
