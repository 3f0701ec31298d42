"""`halfopen check explain` and `halfopen check rules`: what is judged."""

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from halfopen.check.rule import Rule, rules
from halfopen.cli.target import near
from halfopen.errors import UsageError

_WIDE = 150
"""Columns that a table of rules wants."""


def explain(code: str, /) -> int:
    """Explain a rule: what it says, why, a good and a bad example, and how to mend.

    Args:
        code: the rule's code, as reports name it.
    """
    found = rules().get(code)
    if found is None:
        raise UsageError(f"no rule {code!r}{near(code, rules())}; halfopen check rules lists them all")
    _explained(found, Console())
    return 0


def list_rules() -> int:
    """List all rules with their severity and what they say."""
    console = Console()
    if console.is_terminal and console.width < _WIDE:
        for rule in rules().values():
            console.print(Text(f"{rule.code}  {rule.severity.value}, {rule.family}", style="bold"))
            console.print(Padding(Text(rule.doc), (0, 0, 0, 4)))
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "severity", "family", "says"):
        table.add_column(heading, no_wrap=heading != "says")
    for rule in rules().values():
        table.add_row(rule.code, rule.severity.value, rule.family, rule.doc)
    Console(width=max(console.width, _WIDE)).print(table)
    return 0


def _explained(rule: Rule, console: Console) -> None:
    console.print(f"[bold]{rule.code}[/]  {rule.severity.value}, {rule.certainty.value}", highlight=False)
    for name, text in (
        ("says", rule.doc),
        ("fix", rule.fix),
        ("good", rule.good),
        ("bad", rule.bad),
        ("section", rule.section),
        ("feeds", ", ".join(sorted(rule.feeds)) or ("all" if rule.of_feed else "the product as a whole")),
    ):
        console.print(f"{name:8} {text}", highlight=False, markup=False, soft_wrap=True)
