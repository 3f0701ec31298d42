"""The zoo: one well-made product in many correct dialects, and with one fault at a time, for `halfopen check` to judge.

Each animal is a class in a file of its family: under `right/` the dialects, under `wrong/` the faults. It is found by
its name, which is that of the class with underscores.
"""

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from halfopen.demo.faults import app, right, wrong
from halfopen.demo.faults.app import App, Serving
from halfopen.demo.faults.product import Product
from halfopen.errors import UsageError
from halfopen.window.clock import utc_now

_FAMILIES = (right, wrong)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What a checker should say about an animal of the zoo."""

    name: str
    doc: str
    code: str | None
    """What must be found; None for a correct dialect."""
    feed: str | None
    """Where; None: of the product as a whole, or of any of its feeds."""
    also: tuple[str, ...]
    """What may come along."""
    watch: int
    """Seconds of watching that it takes to see it."""
    is_slow: bool
    family: str
    product: type[Product]


@cache
def zoo() -> dict[str, Fault]:
    """Every animal by name, dialects first."""
    found = {}
    for package in _FAMILIES:
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
            family = importlib.import_module(f"{package.__name__}.{module.name}")
            for each in vars(family).values():
                if isinstance(each, type) and issubclass(each, Product) and each.__module__ == family.__name__:
                    fault = _fault(each, module.name)
                    if fault.name in found:
                        raise RuntimeError(f"two animals are called {fault.name}")
                    if not fault.name.startswith("_"):
                        found[fault.name] = fault
    return found


def names() -> Sequence[str]:
    """All names, dialects first."""
    return tuple(zoo())


def fault(name: str) -> Fault:
    """One animal; UsageError with what was perhaps meant."""
    known, written = zoo(), name.replace("-", "_")
    if written not in known:
        near = difflib.get_close_matches(written, known, n=3, cutoff=0.5)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(f"--fault {name}: there is none of that name; {meant}`--fault list` names all {len(known)}")
    return known[written]


def product(name: str, *, seed: int = 1, clock: Callable[[], datetime] = utc_now) -> Product:
    """The animal itself, to be asked in this process."""
    return fault(name).product(seed, clock)


def asgi(name: str, *, seed: int = 1, clock: Callable[[], datetime] = utc_now) -> App:
    """The animal as an ASGI app."""
    return App(product(name, seed=seed, clock=clock))


@contextmanager
def serving(name: str, *, seed: int = 1, clock: Callable[[], datetime] = utc_now) -> Iterator[Serving]:
    """The animal on a free port, as long as the block lasts."""
    with app.serving(product(name, seed=seed, clock=clock)) as served:
        yield served


def _fault(product: type[Product], family: str) -> Fault:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", product.__name__).lower()
    return Fault(
        name=name,
        doc=(product.__doc__ or "").strip().splitlines()[0],
        code=product.code,
        feed=product.feed,
        also=product.also,
        watch=product.watch,
        is_slow=product.is_slow,
        family=family,
        product=product,
    )
