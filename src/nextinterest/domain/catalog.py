"""The catalogue: items in columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from nextinterest.counting import counted
from nextinterest.domain.arrays import FloatArray
from nextinterest.domain.details import ItemDetails
from nextinterest.domain.items import Item
from nextinterest.domain.names import found_name
from nextinterest.errors import DataError, UnknownItemError

__all__ = ["NO_CATEGORY", "Catalog"]

NO_CATEGORY = "(none)"
"""Name of the interest that holds the items of no category."""


class Catalog:
    """An immutable, columnar catalogue. Position ``i`` is the item everywhere else in the package.

    Parameters
    ----------
    ids
        Unique item ids, shape (n_items,).
    titles
        Titles, shape (n_items,); an item without a title carries its id.
    categories
        Category names of each item, shape (n_items,); empty tuples where none are known.
    years
        Year of each item, or None.
    descriptions
        Longer text of each item, or None.
    details
        What else is known: prices, publication, availability, attributes.

    Raises
    ------
    DataError
        If columns differ in length or an id appears twice.
    """

    def __init__(
        self,
        ids: Sequence[str],
        titles: Sequence[str],
        categories: Sequence[tuple[str, ...]] | None = None,
        years: Sequence[int | None] | None = None,
        descriptions: Sequence[str | None] | None = None,
        details: ItemDetails | None = None,
    ) -> None:
        n = len(ids)
        self.ids: tuple[str, ...] = tuple(ids)
        self.titles: tuple[str, ...] = tuple(titles)
        self.categories: tuple[tuple[str, ...], ...] = (
            tuple(categories) if categories is not None else ((),) * n
        )
        self.years: tuple[int | None, ...] = tuple(years) if years is not None else (None,) * n
        self.descriptions: tuple[str | None, ...] = (
            tuple(descriptions) if descriptions is not None else (None,) * n
        )
        lengths = {len(self.titles), len(self.categories), len(self.years), len(self.descriptions), n}
        if len(lengths) != 1:
            raise DataError(
                f"The catalogue's columns differ in length: {sorted(lengths)}.",
                remedy="Give every column one value per item.",
            )
        self.details = ItemDetails() if details is None else details
        self.details.check(n)
        self._positions = {item_id: position for position, item_id in enumerate(self.ids)}
        if len(self._positions) != n:
            seen: set[str] = set()
            twice = next(item_id for item_id in self.ids if item_id in seen or seen.add(item_id))  # type: ignore[func-returns-value]
            raise DataError(
                f"Item id {twice!r} appears more than once in the catalogue.", remedy="Give each item one id."
            )

    @classmethod
    def from_items(cls, items: Iterable[Item]) -> Catalog:
        """Build a catalogue from single items, in their order."""
        rows = list(items)
        return cls(
            [row.id for row in rows],
            [row.title for row in rows],
            [row.categories for row in rows],
            [row.year for row in rows],
            [row.description for row in rows],
            ItemDetails.of(rows),
        )

    def __repr__(self) -> str:
        """Return the counts, not the items."""
        kinds = counted(len(self.category_names), "category", "categories")
        return f"Catalog({counted(len(self), 'item')}, {kinds})"

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, item_id: object) -> bool:
        return isinstance(item_id, str) and found_name(self._positions, item_id) is not None

    def __getitem__(self, position: int) -> Item:
        row = (self.ids[position], self.titles[position], self.categories[position])
        text = (self.years[position], self.descriptions[position])
        return Item(*row, *text) if self._bare else Item(*row, *text, **self.details.values(position))

    @cached_property
    def _bare(self) -> bool:
        return self.details.empty

    def __iter__(self) -> Iterator[Item]:
        return (self[position] for position in range(len(self)))

    def position(self, item_id: str) -> int:
        """Return the position of an item id, in whatever Unicode form it is written.

        Raises
        ------
        UnknownItemError
            If the catalogue has no such item.
        """
        position = found_name(self._positions, item_id)
        if position is None:
            raise UnknownItemError(
                f"Item id {item_id!r} is not in the catalogue of {counted(len(self), 'item')}.",
                remedy="Check the id.",
            )
        return position

    @cached_property
    def category_names(self) -> tuple[str, ...]:
        """All categories, sorted by name."""
        return tuple(sorted({name for names in self.categories for name in names}))

    @cached_property
    def category_matrix(self) -> FloatArray:
        """Membership of items in categories, shape (n_items, n_categories), rows summing to one.

        An item of m categories counts 1/m for each, so that sums over items are shares of attention and
        item and interest distributions cannot contradict each other. Rows of items without a category
        are zero.
        """
        column = {name: j for j, name in enumerate(self.category_names)}
        matrix = np.zeros((len(self), len(column)), dtype=np.float32)
        for i, names in enumerate(self.categories):
            for name in names:
                matrix[i, column[name]] += 1.0
        totals = matrix.sum(axis=1, keepdims=True)
        np.divide(matrix, totals, out=matrix, where=totals > 0)
        matrix.setflags(write=False)
        return matrix

    @cached_property
    def interest_names(self) -> tuple[str, ...]:
        """The categories, and behind them ``(none)`` where some item has no category."""
        uncovered = any(not names for names in self.categories)
        return (*self.category_names, NO_CATEGORY) if uncovered else self.category_names

    @cached_property
    def interest_matrix(self) -> FloatArray:
        """As `category_matrix` with a column for ``(none)``, so that *every* row sums to one.

        Shape (n_items, n_interests). A marginal of an item distribution over it is itself a distribution.
        """
        matrix = self.category_matrix
        if len(self.interest_names) > matrix.shape[1]:
            matrix = np.concatenate([matrix, 1.0 - matrix.sum(axis=1, keepdims=True)], axis=1)
            matrix[:, -1] = matrix[:, -1].round()
            matrix.setflags(write=False)
        return matrix

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over ids, titles, categories, years and descriptions, in order.

        Models are made for a catalogue of one fingerprint. Prices, availability and attributes change without
        any of them, and are left out.
        """
        digest = hashlib.sha256()
        for i in range(len(self)):
            row = (self.ids[i], self.titles[i], self.categories[i], self.years[i], self.descriptions[i])
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def with_items(self, items: Iterable[Item]) -> Catalog:
        """Return a catalogue in which items of known id are replaced in place and new ones appended."""
        rows = {item.id: item for item in self}
        rows.update((item.id, item) for item in items)
        return Catalog.from_items(rows.values())

    def without(self, item_ids: Iterable[str]) -> Catalog:
        """Return a catalogue without these items; the positions behind them move up.

        Raises
        ------
        UnknownItemError
            If an id is not in the catalogue.
        """
        gone = {self.position(item_id) for item_id in item_ids}
        return Catalog.from_items(self[i] for i in range(len(self)) if i not in gone)
