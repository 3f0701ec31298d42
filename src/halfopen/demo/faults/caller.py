"""What a caller of an animal has to know: the words of its halfopen.toml, and the line to type."""

import json
from collections.abc import Mapping
from pathlib import Path

from halfopen.demo.faults.product import Product

NAME = "zoo"
"""What the product is called in the configuration."""


def toml(product: type[Product], url: str) -> str:
    """A halfopen.toml that knows the product at `url`."""
    words = {"url": "{url}", **product.words}
    lines = (f"{key} = {_value(value)}" for key, value in words.items())
    return f"[products.{NAME}]\n" + "\n".join(lines).replace("{url}", url) + "\n"


def needs_file(product: type[Product]) -> bool:
    """Whether there is more to know than what the command line can say."""
    return product.words != Product.words


def arguments(product: type[Product], url: str, file: Path) -> list[str]:
    """The words after `halfopen check`; `file` is where `toml` was written, if it is needed."""
    if needs_file(product):
        return ["--config", str(file), "--product", NAME]
    auth = product.words["auth"]
    return [url, "--auth", f"{auth['scheme']}:{auth['user']}:{auth['password']}"]


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
