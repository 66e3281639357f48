"""Events that did not fit, in one line: how many they were and which categories they had."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nextinterest.domain import Catalog, IntArray

__all__ = ["category_shares", "shorter_and_shorter"]


def category_shares(items: IntArray, catalog: Catalog, k: int = 6) -> list[tuple[str, int]]:
    """Return the k largest category shares of these events, in whole percent, largest first.

    An event of an item with m categories counts 1/m for each; events of items without any are left out.
    Shares that round to nothing are left out too; ties keep the order of the names.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> catalog = Catalog.from_items([Item("a", "A", ("Drama",)), Item("b", "B", ("Drama", "War"))])
    >>> category_shares(np.array([0, 1]), catalog)
    [('Drama', 75), ('War', 25)]
    """
    totals = catalog.category_matrix[items].sum(axis=0, dtype=np.float64)
    attention = totals.sum()
    if attention == 0:
        return []
    percent = np.rint(100 * totals / attention).astype(int)
    order = np.argsort(-totals, kind="stable")[:k]
    return [(catalog.category_names[j], int(percent[j])) for j in order if percent[j] > 0]


def shorter_and_shorter(shares: list[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    """Yield the shares, then without the smallest, and so on down to the largest alone."""
    return (shares[:n] for n in range(len(shares), 0, -1))
