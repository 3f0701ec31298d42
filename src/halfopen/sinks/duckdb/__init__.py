"""The mirror in a DuckDB file: `duckdb:///mirror.duckdb`."""
