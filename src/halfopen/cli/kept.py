"""Products that a command may name though nobody pulls them any more: the mirror still has what they sent."""

from collections.abc import Collection

from halfopen.config.load import Config
from halfopen.config.reading import at, known
from halfopen.errors import SinkError
from halfopen.sync.mirror import attached


async def demand_known(settings: Config, names: Collection[str]) -> None:
    """ConfigError for a name of a product that neither the configuration nor the mirror has."""
    products = set(settings.products)
    if not products.issuperset(names):
        products |= await _kept(settings)
    with at(str(settings.path)):
        known(names, sorted(products), "products", "product")


async def _kept(settings: Config) -> set[str]:
    """Products that the mirror has; none where there is no mirror to ask."""
    try:
        async with attached(settings) as mirror:
            return set((await mirror.status())["products"])
    except SinkError:
        return set()
