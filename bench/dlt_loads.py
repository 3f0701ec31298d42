"""What dlt does in `bench/sync_dlt.py`, in an environment of its own: dlt_loads.py ROAD URL FOLDER CYCLES FEEDS.

ROAD is arrow (CSV through pyarrow) or rest_api (JSON through dlt's REST source); both merge by key. Prints the
CPU seconds of each cycle with all threads and children, the peak memory in MiB, and the rows of each feed in the end.
"""

import io
import json
import os
import resource
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt
import pyarrow as pa
import pyarrow.csv
from dlt.sources.rest_api import rest_api_resources


def cpu() -> float:
    """Seconds of this process and of those that it waited for."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def arrow(url: str, feed: dict[str, Any]) -> Any:
    """A resource of one arrow table."""

    def rows() -> Iterator[pa.Table]:
        with urllib.request.urlopen(f"{url}{feed['path']}?{feed['query']}") as answer:  # noqa: S310 - our own server
            body = io.BytesIO(answer.read())
        yield pyarrow.csv.read_csv(
            body,
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: TYPES[kind] for name, kind in feed["kinds"].items()},
                timestamp_parsers=["%Y-%m-%d %H:%M:%S"],
                strings_can_be_null=True,
            ),
        )

    return dlt.resource(rows, name=feed["name"], primary_key=feed["key"], write_disposition="merge")


TYPES = {
    "text": pa.string(),
    "moment": pa.timestamp("us"),
    "day": pa.date32(),
    "decimal": pa.decimal128(38, 18),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}


def rest(url: str, feeds: list[dict[str, Any]]) -> list[Any]:
    """Resources of dlt's REST source; moments are dlt's to find, amounts come as texts."""
    resources = [
        {
            "name": feed["name"],
            "primary_key": feed["key"],
            "write_disposition": "merge",
            "endpoint": {
                "path": feed["path"].lstrip("/"),
                "params": {**dict(part.split("=") for part in feed["query"].split("&")), "format": "json"},
                "paginator": "single_page",
                "data_selector": "$",
            },
        }
        for feed in feeds
    ]
    return rest_api_resources({"client": {"base_url": f"{url}/"}, "resources": resources})


def main() -> None:
    """Run the cycles."""
    road, url, folder, cycles, feeds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), json.loads(sys.argv[5])
    os.environ["DLT_DATA_DIR"] = folder
    pipeline = dlt.pipeline(
        pipeline_name=f"bench_{road}",
        pipelines_dir=folder,
        destination=dlt.destinations.duckdb(str(Path(folder) / f"{road}.duckdb")),
        dataset_name="mirror",
    )
    seconds = []
    for cycle in range(cycles):
        for feed in feeds:
            feed["query"] = f"cycle={cycle}"
        before = cpu()
        pipeline.run(
            [arrow(url, feed) for feed in feeds] if road == "arrow" else rest(url, feeds)
        ).raise_on_failed_jobs()
        seconds.append(cpu() - before)
    with pipeline.sql_client() as client:
        stored = {feed["name"]: client.execute_sql(f"SELECT count(*) FROM {feed['name']}")[0][0] for feed in feeds}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "mebibytes": peak, "stored": stored}))


if __name__ == "__main__":
    main()
