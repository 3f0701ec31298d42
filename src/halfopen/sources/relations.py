"""What stands after FROM: a table by the name that an operator wrote, or a free SELECT."""

from collections.abc import Iterable

from halfopen.sources.base import UnknownRelation


def subselect(sql: str) -> str:
    """A SELECT in brackets, under a name, because not every engine goes without."""
    return f"({sql.strip().rstrip(';')}) as source"


def table_of(told: str | None, quote: str, tables: Iterable[tuple[tuple[str, ...], str]]) -> str:
    """A table as SQL: the first of `tables` with one of its names as it was written, else but for its letters' case.

    tables: what each may be called, and how it is written as SQL; those meant first come first. quote: what stands
    around names in the engine's SQL; in what was told it is passed over. Raises UnknownRelation.
    """
    wanted = (told or "").replace(quote, "")
    known = list(tables)
    for same in (str, str.lower):
        for names, quoted in known:
            if same(wanted) in map(same, names):
                return quoted
    raise UnknownRelation(f"no table or view {told!r}")
