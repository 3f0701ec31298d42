"""What halfopen.toml says, ready to be used: a reload replaces it whole, and what is in flight keeps the old one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from halfopen.config.serve import Limits
from halfopen.serve.entrance import Entrance
from halfopen.serve.front.base import Page
from halfopen.serve.mapping import Offers
from halfopen.serve.spool import Spools
from halfopen.serve.turnstile import Turnstile
from halfopen.serve.windows import Windows
from halfopen.sources.base import Source


@dataclass(slots=True, kw_only=True, eq=False)
class Setup:
    """`users` counts the requests that are being answered by it, `readings` those that want the database for it.

    `pages` are shown to whoever may read the feeds.
    """

    source: Source
    offers: Offers
    windows: Windows
    entrance: Entrance
    limits: Limits = field(default_factory=Limits)
    pages: Mapping[str, Page] = field(default_factory=dict)
    turnstile: Turnstile = field(default_factory=lambda: Turnstile(Limits().windows_per_caller))
    spools: Spools = field(default_factory=Spools)
    users: int = 0
    readings: int = 0

    def is_crowded(self) -> bool:
        """Whether somebody waits for a connection to the database."""
        return self.readings > self.limits.connections
