"""Bytes to rows and rows to bytes: moments, CSV, JSON, NDJSON, their encodings and how they are chosen."""
