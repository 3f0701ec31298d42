"""What the faults of single values share."""

from collections.abc import Mapping
from typing import ClassVar

from halfopen.demo.faults.product import Product
from halfopen.demo.faults.rows import Row


class Spoilt(Product):
    """Spoils one column of one feed, in the rows of some keys."""

    column: ClassVar[str]
    share: ClassVar[int] = 30
    """Hundredths of the keys that are struck."""

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        if not self.strikes(feed) or row.lot >= self.share:
            return row.values
        return {**row.values, self.column: self.spoil(row.values.get(self.column), row)}

    def spoil(self, value: object, row: Row) -> object:
        """The value as it is sent."""
        raise NotImplementedError
