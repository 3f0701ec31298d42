"""The rules and the sentences of the requirements as tables for the docs: `python -m halfopen.check.catalogue PAGE`."""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from halfopen.check.rule import rules

_MARK = "<!-- {name}: generated, see halfopen.check.catalogue -->"


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence of the requirements that says must, required, always, only or never.

    line: in the document's text. digest: of that line, without blanks around it. about: in a few words of ours. rules:
    what judges it. outside: why nobody can judge it from outside; empty where there are rules.
    """

    line: int
    digest: str
    section: str
    about: str
    rules: tuple[str, ...] = ()
    outside: str = ""


def sentences() -> tuple[Sentence, ...]:
    """All of them, in the order of the document."""
    text = resources.files("halfopen.check").joinpath("requirements.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)["sentence"]
    return tuple(Sentence(**{**words, "rules": tuple(words.get("rules", ()))}) for words in found)


def rules_table() -> str:
    """Every rule, a line each."""
    rows = ((f"`{rule.code}`", rule.severity.value, rule.doc, rule.fix) for rule in rules().values())
    return _table(("rule", "severity", "says", "fix"), rows)


def sentences_table() -> str:
    """Every sentence, a line each, with the rules that judge it."""
    rows = (
        (str(one.line), one.section, one.about, ", ".join(f"`{code}`" for code in one.rules) or f"no: {one.outside}")
        for one in sentences()
    )
    return _table(("line", "section", "about", "judged by"), rows)


def renewed(page: str) -> str:
    """A page with its generated parts as they should be; a part stands between two equal marks."""
    for name, table in (("rules", rules_table()), ("sentences", sentences_table())):
        mark = _MARK.format(name=name)
        between = re.compile(f"{re.escape(mark)}.*?{re.escape(mark)}", re.DOTALL)
        page = between.sub(f"{mark}\n\n{table}\n{mark}".replace("\\", r"\\"), page)
    return page


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(_lines(head, rows))


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n"
    yield f"|{'---|' * len(head)}\n"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
