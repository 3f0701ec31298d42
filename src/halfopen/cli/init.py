"""`halfopen init`: reads the schema of an operator's database and proposes `halfopen.toml`."""

import os
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

from cyclopts import Parameter
from rich.console import Console
from rich.prompt import Prompt

from halfopen.config.urls import DatabaseUrl, database_url
from halfopen.errors import ConfigError, UsageError
from halfopen.serve.init.ask import Question, asked
from halfopen.serve.init.feeds import Proposer
from halfopen.serve.init.proposal import Proposal
from halfopen.serve.init.write import unsure, written
from halfopen.sources.schema import read_schema

_PASSWORD = "DATABASE_PASSWORD"  # noqa: S105 - the name of a variable


def init(
    database: str,
    /,
    *,
    out: Path = Path("halfopen.toml"),
    interactive: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Read a database's schema and write a commented configuration that maps it to the feeds.

    Args:
        database: the operator's database, like postgresql://reader@host/casino or sqlite:///file.
        out: the file to write; it must not be there yet.
        interactive: ask where the mapping is unsure.
    """
    if out.exists():
        raise UsageError(
            f"{out} is there already and is not overwritten; move it away, or name another with --out FILE"
        )
    address = database_url(database, Path.cwd())
    schema = read_schema(address.scheme, address.path, address.text)
    if not schema.tables:
        raise ConfigError(f"{address.shown} holds no table that can be read; is it the right database and user?")
    proposer = Proposer(schema)
    proposals = asked(proposer, _ask) if interactive else proposer.proposals()
    _write(out, written(schema, proposals, _address(address, out)))
    sys.stdout.write("".join(f"{line}\n" for line in _summary(proposals, out, address)))
    return 0


def _ask(question: Question) -> int:
    """Asks on the terminal; an empty answer takes the default."""
    console = Console(stderr=True, highlight=False)
    console.print(f"\n{question.text}", markup=False)
    for number, option in enumerate(question.options, 1):
        console.print(f"  {number}  {option}", markup=False)
    choices = [str(number) for number in range(1, len(question.options) + 1)]
    try:
        return int(Prompt.ask("which", console=console, choices=choices, default=str(question.default + 1))) - 1
    except EOFError:
        raise UsageError("there is nobody to answer: leave --interactive out, or run it in a terminal") from None


def _write(out: Path, text: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{out} is there already and is not overwritten; name another with --out FILE") from None
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}; name another with --out FILE") from None


def _address(address: DatabaseUrl, out: Path) -> str:
    """The address for the file: relative to its folder, the password left to the environment."""
    if address.path is not None:
        found, folder = address.path.resolve(), out.resolve().parent
        inside = found.is_relative_to(folder)
        return f"{address.scheme}:///{found.relative_to(folder).as_posix() if inside else found.as_posix()}"
    parts = urlsplit(address.text)
    if parts.password is None:
        return address.text
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:${{{_PASSWORD}}}@{host}"))


def _summary(proposals: dict[str, Proposal], out: Path, address: DatabaseUrl) -> list[str]:
    doubts = unsure(proposals.values())
    wide = max(map(len, proposals))
    lines = []
    for feed, proposal in proposals.items():
        if not proposal.parts:
            lines.append(f"{feed:{wide}}  nothing found; not offered")
            continue
        line = f"{feed:{wide}}  from {', '.join(proposal.tables)}"
        if doubts[feed]:
            line += f"; unsure: {', '.join(doubts[feed])}"
        if proposal.todo:
            line += f"; TO DO, not offered until mapped: {', '.join(proposal.todo)}"
        lines.append(line)
    names = ["FEED_PASSWORD"]
    if address.path is None and urlsplit(address.text).password is not None:
        names.append(f"{_PASSWORD} (as it stands in an address)")
    missing = [name for name in names if name.partition(" ")[0] not in os.environ]
    lines.append(f"wrote {out}")
    config = "" if out == Path("halfopen.toml") else f" --config {out}"
    export = f"set {' and '.join(missing)} in the environment, then: " if missing else ""
    lines.append(f"next: read what is UNSURE; {export}halfopen serve --check-config{config}")
    return lines
