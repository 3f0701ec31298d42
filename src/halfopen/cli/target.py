"""The product that a command is about, as its words say: by an address, or by a section of a file."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from halfopen.auth.path_keys import masked
from halfopen.config.load import load
from halfopen.config.product import ProductConfig, read_product
from halfopen.config.reading import environment, interpolated
from halfopen.contract.load import feeds as contract_feeds
from halfopen.errors import UsageError


@dataclass(frozen=True)
class Words:
    """What the command line says of the product."""

    base_url: str | None
    config: Path | None
    product: str | None
    auth: str | None
    ca: Path | None
    paths: tuple[str, ...]
    offset: str | None

    @property
    def isof_file(self) -> bool:
        """Whether the product stands in a configuration file."""
        return self.config is not None or self.product is not None

    def given(self, *names: str) -> list[str]:
        """The options among these that were given, as they are typed."""
        return [f"--{name.removesuffix('s')}" for name in names if getattr(self, name)]


def of_address(words: Words) -> ProductConfig:
    """The product at an address; UsageError and ConfigError for words that do not fit."""
    if words.base_url is None:
        raise UsageError("nothing to check: give an address, or --config FILE --product NAME, or --replay FILE")
    base, mark, query = masked(words.base_url).partition("?")
    if mark or "#" in base:
        hint = (
            f", and what every request needs with --path, like --path 'players=/api/players?{query}'" if query else ""
        )
        raise UsageError(f"{masked(words.base_url)}: give the address alone, {base.partition('#')[0]}{hint}")
    table: dict[str, Any] = {"url": words.base_url}
    if words.paths:
        table["paths"] = dict(path_word(word) for word in words.paths)
    if words.auth is not None:
        table["auth"] = auth_words(words.auth)
    if words.ca is not None:
        table["ca"] = str(words.ca)
    if words.offset is not None:
        table["offset"] = words.offset
    return read_product("product", table, "check")


def of_file(words: Words) -> ProductConfig:
    """The product of a configuration file; UsageError and ConfigError for words that do not fit."""
    if words.base_url is not None:
        raise UsageError("give an address, or --config and --product, not both")
    given = words.given("auth", "ca", "paths", "offset")
    if given:
        raise UsageError(
            f"{' and '.join(given)}: such options belong to an address; with --product they stand in the file"
        )
    settings = load(words.config or Path("halfopen.toml"), sections=("products",))
    found = settings.chosen_products([words.product] if words.product else [])
    if len(found) > 1:
        raise UsageError(f"--product: name one of {', '.join(found)}")
    return next(iter(found.values()))


def auth_words(text: str) -> dict[str, str]:
    """The words of the configuration for `--auth`; ConfigError for a variable that is not set."""
    given: str = interpolated({"auth": text}, environment(), "--auth")["auth"]
    scheme, _, rest = given.partition(":")
    user, colon, password = rest.partition(":")
    match scheme:
        case "none" if not rest:
            return {"scheme": "none"}
        case "basic" | "login" if colon:
            return {"scheme": scheme, "user": user, "password": password}
        case "bearer" if rest:
            return {"scheme": "bearer", "token": rest}
        case _:
            raise UsageError(
                "--auth: write basic:USER:PASSWORD, bearer:TOKEN, login:USER:PASSWORD or none; other schemes come from"
                " the configuration file"
            )


def path_word(word: str) -> tuple[str, str]:
    """Feed and path of `--path FEED=/PATH`; UsageError for anything else."""
    feed, equals, path = word.partition("=")
    if not equals or feed not in contract_feeds() or not path.startswith("/"):
        meant = "" if feed in contract_feeds() else near(feed, contract_feeds())
        raise UsageError(f"--path: found {word!r}{meant}; write FEED=/PATH with one of {', '.join(contract_feeds())}")
    return feed, path


def near(word: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of an error; empty where nothing is like it."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else ""
