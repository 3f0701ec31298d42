"""From the words of the configuration, `{ scheme = "basic", ... }`, to a signer or a verifier.

A scheme is a module beside this one with `Options`, `signer(options)` and `verifier(options)`; it is found by its name.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import msgspec

import halfopen.auth
from halfopen.auth.base import Signer, Verifier
from halfopen.errors import ConfigError

_NOT_SCHEMES = {"base", "schemes"}


def names() -> tuple[str, ...]:
    """All schemes, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(halfopen.auth.__path__) if m.name not in _NOT_SCHEMES))


def signer(words: Mapping[str, Any]) -> Signer:
    """For who asks; ConfigError when the words do not fit the scheme."""
    module, options = _options(words)
    made: Signer = module.signer(options)
    return made


def verifier(words: Mapping[str, Any]) -> Verifier:
    """For who answers; ConfigError when the words do not fit the scheme."""
    module, options = _options(words)
    made: Verifier = module.verifier(options)
    return made


def _options(words: Mapping[str, Any]) -> tuple[Any, Any]:
    scheme = words.get("scheme")
    if scheme not in names():
        raise ConfigError(_unknown(scheme))
    module = importlib.import_module(f"halfopen.auth.{scheme}")
    known = {field.encode_name for field in msgspec.structs.fields(module.Options)}
    given = {name: value for name, value in words.items() if name != "scheme"}
    for name in given.keys() - known:
        raise ConfigError(f'scheme "{scheme}" has no option {name!r}; it takes: {", ".join(sorted(known)) or "none"}')
    try:
        return module, msgspec.convert(given, module.Options)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f'scheme "{scheme}": {error}'.replace(" - at `$.", " - at `")) from None


def _unknown(scheme: object) -> str:
    if scheme is None:
        return f"no scheme is named; write one of: {', '.join(names())}"
    near = difflib.get_close_matches(str(scheme), names(), 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown scheme {scheme!r}; {hint}Known: {', '.join(names())}"
