"""What a catalogue may know of its items beside titles and categories, in columns.

Most catalogues know nothing of the kind: a column that no item has a value in is None and costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from nextinterest.counting import counted
from nextinterest.domain.items import AttributeValue, Availability, Item
from nextinterest.errors import DataError

__all__ = ["ItemDetails", "MomentArray"]

MomentArray = NDArray[np.datetime64]
"""Moments in UTC to the microsecond (datetime64[us]), NaT where unknown."""


class KnownOfItem(TypedDict, total=False):
    """Fields of an `Item` that are known."""

    price: float
    published: datetime
    available: Availability
    attributes: Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True, eq=False)
class ItemDetails:
    """Optional columns of a catalogue, each of shape (n_items,) or None where no item has a value.

    Attributes
    ----------
    prices
        Prices, float64, NaN where unknown.
    published
        When each item appeared.
    available_since, available_until
        First moment at which an item can be had, and the moment from which it cannot.
    stock
        How many are left, int64, -1 where unknown.
    attributes
        Values by name of the attribute, None where an item has none.
    """

    prices: NDArray[np.float64] | None = None
    published: MomentArray | None = None
    available_since: MomentArray | None = None
    available_until: MomentArray | None = None
    stock: NDArray[np.int64] | None = None
    attributes: Mapping[str, tuple[AttributeValue | None, ...]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing is known of any item."""
        return not self.attributes and all(column is None for _, column in self.arrays())

    def arrays(self) -> list[tuple[str, NDArray[np.generic] | None]]:
        """Return the columns that are arrays, by name."""
        return [(one.name, getattr(self, one.name)) for one in fields(self) if one.name != "attributes"]

    def check(self, n: int) -> None:
        """Raise unless every column has n values.

        Raises
        ------
        DataError
            With the name of the column.
        """
        sized = {name: len(column) for name, column in self.arrays() if column is not None}
        sized |= {f"attributes[{name!r}]": len(column) for name, column in self.attributes.items()}
        for name, size in sized.items():
            if size != n:
                raise DataError(
                    f"The catalogue has {counted(n, 'item')} and {counted(size, 'value')} of {name}.",
                    remedy="Give every column one value per item.",
                )

    @classmethod
    def of(cls, items: Sequence[Item]) -> ItemDetails:
        """Return the columns of single items, in their order."""
        available = [item.available or Availability() for item in items]
        names = dict.fromkeys(name for item in items for name in item.attributes)
        return cls(
            _numbers([item.price for item in items]),
            _moments([item.published for item in items]),
            _moments([one.since for one in available]),
            _moments([one.until for one in available]),
            _counts([one.stock for one in available]),
            {name: tuple(item.attributes.get(name) for item in items) for name in names},
        )

    def values(self, position: int) -> KnownOfItem:
        """Return what is known of one item, as fields of `Item`; unknown ones are left out."""
        found: KnownOfItem = {}
        if self.prices is not None and not np.isnan(self.prices[position]):
            found["price"] = float(self.prices[position])
        if (published := _moment(self.published, position)) is not None:
            found["published"] = published
        stock = -1 if self.stock is None else int(self.stock[position])
        available = Availability(
            _moment(self.available_since, position),
            _moment(self.available_until, position),
            None if stock < 0 else stock,
        )
        if available != Availability():
            found["available"] = available
        known = ((name, column[position]) for name, column in self.attributes.items())
        attributes = {name: value for name, value in known if value is not None}
        if attributes:
            found["attributes"] = attributes
        return found


def _numbers(values: Iterable[float | None]) -> NDArray[np.float64] | None:
    column = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return None if np.isnan(column).all() else column


def _counts(values: Iterable[int | None]) -> NDArray[np.int64] | None:
    column = np.array([-1 if value is None else value for value in values], dtype=np.int64)
    return column if (column >= 0).any() else None


def _moments(values: Iterable[datetime | None]) -> MomentArray | None:
    # numpy knows no zones; every time here is UTC.
    naive = [None if value is None else value.replace(tzinfo=None) for value in values]
    column = np.array(naive, dtype="datetime64[us]")
    return None if np.isnat(column).all() else column


def _moment(column: MomentArray | None, position: int) -> datetime | None:
    value = None if column is None else column[position].item()
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
