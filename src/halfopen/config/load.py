"""Reads `halfopen.toml`."""

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from halfopen.config.mirror import MirrorConfig, read_mirror
from halfopen.config.product import ProductConfig, read_product
from halfopen.config.reading import at, environment, interpolated, known
from halfopen.config.serve import ServeConfig, read_serve
from halfopen.errors import ConfigError

SECTIONS = ("serve", "mirror", "products")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file; a section that the file lacks, or that was not asked for, is None or empty."""

    path: Path
    serve: ServeConfig | None = None
    mirror: MirrorConfig | None = None
    products: dict[str, ProductConfig] = {}

    def needed_serve(self) -> ServeConfig:
        """The section `[serve]`, or the ConfigError that says how to write one."""
        if self.serve is None:
            raise ConfigError(f'{self.path}: there is no section [serve]; write one with database = "sqlite:///file"')
        return self.serve

    def needed_mirror(self) -> MirrorConfig:
        """The section `[mirror]`, or the ConfigError that says how to write one."""
        if self.mirror is None:
            raise ConfigError(
                f'{self.path}: there is no section [mirror]; write one with database = "duckdb:///mirror.duckdb"'
            )
        return self.mirror

    def chosen_products(self, names: Collection[str] = ()) -> dict[str, ProductConfig]:
        """The products by these names, or all; ConfigError for a name that the file lacks, or when there are none."""
        if not self.products:
            raise ConfigError(
                f'{self.path}: there is no product; write a section [products.NAME] with url = "https://..."'
            )
        with at(str(self.path)):
            known(names, self.products, "products", "product")
        return {name: product for name, product in self.products.items() if not names or name in names}


def load(path: Path, environ: Mapping[str, str] | None = None, sections: Collection[str] = SECTIONS) -> Config:
    """The file at `path` as records.

    Only the named `sections` are read, so that one side does not need the other side's secrets in its environment.
    Relative paths inside count from the folder of the file. Raises ConfigError, one line that names the place.
    """
    data = _parsed(path)
    with at(str(path)):
        known(data, SECTIONS, "top level", "section")
        chosen = {name: data[name] for name in SECTIONS if name in data and name in sections}
        for name, table in chosen.items():
            if not isinstance(table, dict):
                raise ConfigError(f"{name}: write it as a section, [{name}]")
        values = interpolated(chosen, environ if environ is not None else environment(), "")
        return _config(path, values)


def _config(path: Path, values: dict[str, Any]) -> Config:
    base = path.resolve().parent
    _demand_apart(values.get("products", {}))
    return Config(
        path=path,
        serve=read_serve(values["serve"], base, "serve") if "serve" in values else None,
        mirror=read_mirror(values["mirror"], base, "mirror") if "mirror" in values else None,
        products={
            name: read_product(name, table, f"products.{name}", base)
            for name, table in values.get("products", {}).items()
        },
    )


def _demand_apart(products: Collection[str]) -> None:
    """No two products may differ in nothing but case: each has a view `players_NAME`, and SQL takes those for one."""
    seen: dict[str, str] = {}
    for name in products:
        if (other := seen.setdefault(name.casefold(), name)) != name:
            raise ConfigError(
                f"products: {other!r} and {name!r} differ in nothing but case, and so would views of the mirror; rename"
                " one of them"
            )


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; name one with --config FILE") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is no TOML: {error}") from None
