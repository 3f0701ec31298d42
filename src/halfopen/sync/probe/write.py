"""The section `[products.NAME]` as text: each line with what it was seen in, what cannot be told as a comment."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from halfopen.sync.probe.guess import Guess

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(kw_only=True, slots=True)
class Section:
    """What was found out, in the order in which it is written."""

    name: str
    url: str
    auth: str
    lines: list[Guess] = field(default_factory=list)
    dialect: list[Guess] = field(default_factory=list)
    columns: dict[str, list[tuple[str, str, bool]]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def written(section: Section) -> str:
    """The section as TOML that `halfopen sync` takes, once its secrets are in the environment."""
    name = section.name if _BARE.fullmatch(section.name) else quoted(section.name)
    out = [
        f"[products.{name}]",
        f"url = {quoted(section.url)}",
        f"auth = {section.auth}  # the secret comes from the environment"
        if "${" in section.auth
        else f"auth = {section.auth}",
        *map(_line, section.lines),
        *(f"# {_plain(remark)}" for remark in section.remarks),
    ]
    if section.dialect:
        header = f"[products.{name}.dialect]"
        out += [
            "",
            header if any(guess.sure for guess in section.dialect) else f"# {header}",
            *map(_line, section.dialect),
        ]
    for feed, columns in section.columns.items():
        header = f"[products.{name}.columns.{feed}]"
        out += ["", header if any(sure for _, _, sure in columns) else f"# {header}"]
        out += [
            f"{ours} = {quoted(theirs)}"
            if sure
            else f"# {ours} = {quoted(theirs)}  # a guess by its name: look at its values"
            for ours, theirs, sure in columns
        ]
    return "\n".join(out) + "\n"


def quoted(text: str) -> str:
    """A basic string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def inline(words: Mapping[str, str]) -> str:
    """An inline table of texts."""
    return "{ " + ", ".join(f"{name} = {quoted(value)}" for name, value in words.items()) + " }"


def array(words: Sequence[str]) -> str:
    """An array of texts."""
    return "[" + ", ".join(map(quoted, words)) + "]"


def _line(guess: Guess) -> str:
    text = f"{guess.text}  # {_plain(guess.why)}" if guess.why else guess.text
    return text if guess.sure else f"# {text}"


def _plain(text: str) -> str:
    """One line without control characters, which a comment must not have."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
