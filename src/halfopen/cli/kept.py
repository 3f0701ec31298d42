"""Products that a command may name though nobody pulls them any more: the mirror still has what they sent."""

from collections.abc import Collection

from halfopen.config.load import Config
from halfopen.config.reading import at, known
from halfopen.sync.mirror import attached


async def demand_known(settings: Config, names: Collection[str]) -> None:
    """ConfigError for a name of a product that neither configuration nor mirror has; SinkError from the mirror."""
    products = set(settings.products)
    if not products.issuperset(names):
        products |= await _kept(settings)
    with at(str(settings.path)):
        known(names, sorted(products), "products", "product")


async def _kept(settings: Config) -> set[str]:
    """Products that the mirror has; none where its file is not there yet."""
    file = settings.needed_mirror().sink.path
    if file is not None and not file.exists():
        return set()
    async with attached(settings) as mirror:
        return set((await mirror.status())["products"])
