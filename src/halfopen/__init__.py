"""halfopen: the data of a casino or a sportsbook handed to a CRM, with every minute accounted for."""

from importlib.metadata import version

__version__ = version("halfopen")
