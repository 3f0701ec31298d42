"""How the mirror is asked beside the pulling."""

from collections.abc import Awaitable, Callable
from typing import Any

Query = Callable[[str], Awaitable[tuple[list[str], list[tuple[Any, ...]]]]]
"""One reading statement; column names and rows. SinkError where the mirror cannot be asked."""
