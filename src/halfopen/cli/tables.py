"""Tables for people on standard output."""

from rich.console import Console, RenderableType
from rich.text import Text


def whole(shown: RenderableType) -> None:
    """Print it whole, however narrow the terminal: a watermark or a digest that is cut says nothing."""
    console = Console(highlight=False)
    if isinstance(shown, Text):
        console.print(shown, soft_wrap=True)
        return
    needed = console.measure(shown, options=console.options.update(width=1000)).maximum
    Console(highlight=False, width=max(console.width, needed)).print(shown)
