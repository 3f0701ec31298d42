"""Counts in sentences."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2 rows`, `1,000 rows`; `many` where an s at the end does not make it, or a verb belongs to it."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
