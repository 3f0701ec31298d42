"""The table that is printed."""

from collections.abc import Sequence

from late.truth import Figures

HEAD = (
    "variant",
    "asked at",
    "rows",
    "lost",
    "lost %",
    "doubled",
    "outside",
    "decreasing",
    "p50 s",
    "p99 s",
    "refused",
)


def table(lines: Sequence[tuple[str, str, Figures]]) -> str:
    """One line a poller: its variant, when it asks, its figures; p50 and p99 in seconds of the product."""
    cells = [HEAD, *(_cells(*line) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) if place < 2 else cell.rjust(width) for place, (cell, width) in enumerate(pairs))  # noqa: PLR2004 - two columns of words
        for pairs in (tuple(zip(line, widths, strict=True)) for line in cells)
    )


def _cells(variant: str, said: str, figures: Figures) -> tuple[str, ...]:
    share = 100 * figures.lost / figures.rows if figures.rows else 0.0
    counts = (figures.doubled, figures.outside, figures.decreasing)
    return (
        variant, said, f"{figures.rows:,}", f"{figures.lost:,}", f"{share:.2f}", *(f"{count:,}" for count in counts),
        f"{figures.p50:.1f}", f"{figures.p99:.1f}", f"{figures.refused:,}",
    )  # fmt: skip
