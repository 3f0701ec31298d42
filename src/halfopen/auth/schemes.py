"""From the words of the configuration, `{ scheme = "basic", ... }`, to a signer or a verifier.

A scheme is a module beside this one with `Options`, `signer(options)` and `verifier(options)`; it is found by its name.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

import halfopen.auth
from halfopen.auth import masking
from halfopen.auth.base import Signer, Verifier
from halfopen.errors import ConfigError

# What the schemes share, and what stands around them.
_NOT_SCHEMES: Final = frozenset(
    {
        "allowlist",
        "base",
        "flow",
        "gate",
        "hashed",
        "issuer",
        "lockout",
        "masking",
        "path_keys",
        "query",
        "replay",
        "schemes",
        "shared",
        "tokens",
    }
)


def names() -> tuple[str, ...]:
    """All schemes, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(halfopen.auth.__path__) if m.name not in _NOT_SCHEMES))


def signer(words: Mapping[str, Any]) -> Signer:
    """For who asks; ConfigError when the words do not fit the scheme."""
    module, options = _options(words)
    made: Signer = _made(words, module.signer, options)
    return made


def verifier(words: Mapping[str, Any]) -> Verifier:
    """For who answers; ConfigError when the words do not fit the scheme."""
    module, options = _options(words)
    made: Verifier = _made(words, module.verifier, options)
    return made


def secrets(words: Mapping[str, Any]) -> frozenset[str]:
    """Every text of these words that no log, error or report may hold, in every spelling (see `masking`).

    A token that a signer gets later is not among them, nor a signature: they are in what `sign` returns. Nor is a
    secret of fewer than `masking.SHORTEST` characters: hiding it would black out half of each sentence.
    """
    module, options = _options(words)
    plain = {getattr(options, name) or "" for name in module.Options.SECRET}
    given = {form for text in plain if len(text) >= masking.SHORTEST for form in masking.spellings(text)}
    if words["scheme"] == "basic" and options.password is not None:
        given |= {text.split()[-1] for text in signer(words).sign("/", "").headers.values()}
    return frozenset(given)


def _options(words: Mapping[str, Any]) -> tuple[Any, Any]:
    scheme = words.get("scheme")
    if scheme not in names():
        raise ConfigError(_unknown(scheme))
    module = importlib.import_module(f"halfopen.auth.{scheme}")
    known = [field.encode_name for field in msgspec.structs.fields(module.Options)]
    given = {name: value for name, value in words.items() if name != "scheme"}
    for name in given.keys() - set(known):
        takes = ", ".join(sorted(known)) or "none"
        raise ConfigError(f'scheme "{scheme}" has no option {name!r}; {_near(name, known)}it takes: {takes}')
    return module, _made(words, lambda given: msgspec.convert(given, module.Options), given)


def _made(words: Mapping[str, Any], make: Callable[[Any], Any], given: Any) -> Any:
    try:
        return make(given)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f'scheme "{words["scheme"]}": {error}'.replace(" - at `$.", " - at `")) from None


def _unknown(scheme: object) -> str:
    if scheme is None:
        return f"no scheme is named; write one of: {', '.join(names())}"
    return f"unknown scheme {scheme!r}; {_near(str(scheme), names())}Known: {', '.join(names())}"


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]!r}? " if near else ""
