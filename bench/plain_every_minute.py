"""The endpoint that serve_every_minute.py measures serve against: FastAPI, SQLAlchemy's pool, csv.writer.

Written as a good engineer would in an afternoon; a window of a minute is made whole and sent with its length. It needs
what bench/requirements.txt names, and nothing of halfopen.
"""

import csv
import io
import os
import secrets
from datetime import UTC, datetime
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from sqlalchemy import MetaData, create_engine, select

URL = os.environ["BENCH_URL"].replace("postgresql://", "postgresql+psycopg://")
ENGINE = create_engine(URL, pool_size=10)
TABLES = MetaData()
TABLES.reflect(ENGINE)
CURSORS = dict(pair.split("=") for pair in os.environ["BENCH_CURSORS"].split(","))
app = FastAPI()


def signed_in(credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> None:
    """The one user there is."""
    given = f"{credentials.username}:{credentials.password}"
    if not secrets.compare_digest(given.encode(), os.environ["BENCH_USER"].encode()):
        raise HTTPException(401)


def text(value: object) -> object:
    """A value as CSV shows it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


@app.get("/api/{feed}", dependencies=[Depends(signed_in)])
def rows(feed: str, start: Annotated[str, Query(alias="from")], end: Annotated[str, Query(alias="to")]) -> Response:
    """The rows of a window."""
    table = TABLES.tables[feed.replace("-", "_")]
    cursor = table.c[CURSORS[table.name]]
    bounds: list[object] = [start, end]
    if not URL.startswith("sqlite"):
        bounds = [datetime.fromisoformat(bound).replace(tzinfo=UTC) for bound in (start, end)]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(table.columns.keys())
    with ENGINE.connect() as connection:
        found = connection.execute(select(table).where(cursor >= bounds[0], cursor < bounds[1]))
        writer.writerows([[text(value) for value in row] for row in found])
    return Response(buffer.getvalue(), media_type="text/csv; charset=utf-8")


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False)
