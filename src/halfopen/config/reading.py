"""From tables of TOML to records, with errors that name the section, the key and what would be right."""

import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from halfopen.config import durations
from halfopen.errors import ConfigError

Record = TypeVar("Record", bound=msgspec.Struct)
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def record(
    kind: type[Record], table: object, where: str, derived: Mapping[str, Callable[[], object]] | None = None
) -> Record:
    """`table` as a record of `kind`; ConfigError naming `where` for unknown keys and values of the wrong type.

    Values that are records already pass as they are. `derived` makes fields that are not keys of the file, once
    the keys themselves are known to be right.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: found {_shown(table)}, where a table is needed")
    derived = derived or {}
    hints = {field.encode_name: field for field in msgspec.structs.fields(kind) if field.encode_name not in derived}
    known(table, hints, where)
    for name, field in hints.items():
        if field.required and name not in table:
            raise ConfigError(f"{where}: {name} is missing; write {name} = ...")
    values = {key: _prepared(hints[key].type, value, f"{where}.{key}") for key, value in table.items()}
    values |= {name: make() for name, make in derived.items()}
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {_plain(str(error))}") from None


def known(keys: Iterable[str], names: Iterable[str], where: str, noun: str = "key") -> None:
    """ConfigError for the first of `keys` that is not among `names`, with the closest one as a suggestion."""
    allowed = list(names)
    for key in keys:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(allowed)}"
            raise ConfigError(f"{where}: unknown {noun} {key!r}; {hint}")


@contextmanager
def at(where: str) -> Iterator[None]:
    """Puts `where` before the text of any ConfigError raised inside."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def interpolated(value: Any, environ: Mapping[str, str], where: str) -> Any:
    """`value` with each `${NAME}` inside its strings taken from `environ`; ConfigError where that is not set."""
    if isinstance(value, dict):
        return {key: interpolated(item, environ, f"{where}.{key}" if where else key) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolated(item, environ, f"{where}[{number}]") for number, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def variable(found: re.Match[str]) -> str:
        name = found[1]
        if name not in environ:
            raise ConfigError(f"{where}: ${{{name}}} is not set in the environment; export {name} and try again")
        return environ[name]

    return _VARIABLE.sub(variable, value)


def environment() -> Mapping[str, str]:
    """The process's own environment."""
    return os.environ


def _prepared(wanted: object, value: object, where: str) -> object:
    """Lengths of time are read here, so that msgspec gets them typed; its error would not tell what a choice has."""
    if get_origin(wanted) is Literal and isinstance(value, str):
        known([value], get_args(wanted), where, "value")
    with at(where):
        if wanted is timedelta or (
            isinstance(wanted, UnionType) and timedelta in get_args(wanted) and value is not None
        ):
            return durations.parse(value)
        if get_origin(wanted) is dict and get_args(wanted)[1] is timedelta and isinstance(value, dict):
            return {name: durations.parse(item) for name, item in value.items()}
        if wanted is str and not isinstance(value, str):
            raise ConfigError(f"found {_shown(value)}, needs a text in quotes")
    return value


def _plain(message: str) -> str:
    """Msgspec's message with the place first, in the words of TOML."""
    text, _, path = message.partition(" - at `$")
    place = path.rstrip("`").lstrip(".")
    words = {
        "`str`": "a text",
        "`int`": "a whole number",
        "`bool`": "true or false",
        "`object`": "a table",
        "`array`": "a list",
    }
    text = text.replace(" | null`", "`")
    for word, plain in words.items():
        text = text.replace(word, plain)
    return f"{place}: {text[0].lower()}{text[1:]}" if place else f"{text[0].lower()}{text[1:]}"


def _shown(value: object) -> str:
    return f"a value of type {type(value).__name__}"
